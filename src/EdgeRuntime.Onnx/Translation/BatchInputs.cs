namespace EdgeRuntime.Onnx.Translation;

/// <summary>The values that describe a batch.</summary>
/// <param name="Ids">int64 [batch, tokens]: the tokens.</param>
/// <param name="LastPositions">int32 [batch]: the position of the last token of each sequence (<c>seqlens_k</c>).</param>
/// <param name="TotalLength">int32: the greatest length of a sequence, these tokens included.</param>
/// <param name="Rows">int64 [rows]: the indices of the tokens whose logits are wanted.</param>
internal sealed record BatchInputs(string Ids, string LastPositions, string TotalLength, string Rows)
{
    /// <summary>
    /// Gets the name of the input int64 [batch, tokens] with the positions of the tokens, which the graph has if the model needs them; null
    /// to compute them from the lengths. GPUs leave such arithmetic of integers to the processor.
    /// </summary>
    public string? PositionInput { get; init; }
}
