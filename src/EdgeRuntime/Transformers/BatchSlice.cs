using EdgeRuntime.State;

namespace EdgeRuntime.Transformers;

/// <summary>Consecutive rows of a batch that belong to one sequence.</summary>
/// <param name="Cache">The sequence's KV cache; its length is the position of the first row.</param>
/// <param name="Rope">The sequence's rotations.</param>
/// <param name="FirstRow">First row of the batch.</param>
/// <param name="Rows">Tokens of this sequence.</param>
internal readonly record struct BatchSlice(KvCache Cache, RopeTable Rope, int FirstRow, int Rows)
{
    /// <summary>Position of the first row.</summary>
    public int FirstPosition => Cache.Length;
}
