using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>A prompt and what its answer could be.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="References">The answers to compare with; may be empty.</param>
internal sealed record PromptItem(string Prompt, string[] References)
{
    /// <summary>Reads an item.</summary>
    /// <param name="line">An object with <c>prompt</c> and, if there are any, <c>references</c> or <c>reference</c>.</param>
    /// <param name="needsReference">Whether an item without references is an error.</param>
    /// <exception cref="CommandException">A field is missing, or it is no text.</exception>
    public static PromptItem Read(JsonLine line, bool needsReference)
    {
        string field = line.Has("references") ? "references" : "reference";
        return new PromptItem(line.Text("prompt"), needsReference || line.Has(field) ? line.Texts(field) : []);
    }

    /// <summary>Reads prompts without references, one on each line that is not blank.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="most">The greatest number of prompts; -1 for all.</param>
    /// <exception cref="CommandException">The file can't be read, or it has no prompts.</exception>
    public static PromptItem[] ReadLines(string path, int most)
    {
        JsonLine.CheckLimit(most);
        List<PromptItem> items = [];
        using var reader = new StringReader(UserFile.ReadText(path));
        while (items.Count != most && reader.ReadLine() is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                items.Add(new PromptItem(line, []));
            }
        }

        return items.Count > 0 ? [.. items] : throw new CommandException($"{path}: has no lines; expected a prompt on each");
    }
}
