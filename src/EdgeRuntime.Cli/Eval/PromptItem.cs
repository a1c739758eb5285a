namespace EdgeRuntime.Cli.Eval;

/// <summary>A prompt and what its answer could be.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="References">The answers to compare with; may be empty.</param>
internal sealed record PromptItem(string Prompt, string[] References)
{
    /// <summary>Reads an item.</summary>
    /// <param name="line">An object with <c>prompt</c> and, if there are any, <c>references</c> or <c>reference</c>.</param>
    /// <param name="needsReference">Whether an item without references is an error.</param>
    /// <exception cref="Terminal.CommandException">A field is missing, or it is no text.</exception>
    public static PromptItem Read(JsonLine line, bool needsReference)
    {
        string field = line.Has("references") ? "references" : "reference";
        return new PromptItem(line.Text("prompt"), needsReference || line.Has(field) ? line.Texts(field) : []);
    }
}
