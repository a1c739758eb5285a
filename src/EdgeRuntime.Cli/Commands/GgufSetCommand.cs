using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert gguf set</c>: changes the metadata of a file.</summary>
internal static class GgufSetCommand
{
    public static Command Create()
    {
        Argument<string> file = GgufCommand.File("FILE", "The file to change; of a split model, the first one has the metadata");
        var changes = new Argument<string[]>("KEY=VALUE")
        {
            Description = "New values: a number, true or false, a text, or a JSON array for an array",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> type = OptionFactory.Text(
            "--type", [], "The type of the values; without it, a value keeps its type: " + string.Join(", ", GgufChange.TypeNames), "TYPE");
        var removed = new Option<string[]>("--remove")
        {
            Description = "Remove a key; may be repeated",
            HelpName = "KEY",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command(
            "set",
            "Changes keys of a GGUF file: in place if the new values take as many bytes as the old ones, otherwise through a new file that "
            + "replaces the old one when it is complete.") { file, changes, type, removed };
        command.SetAction(parsed =>
        {
            List<GgufChange> wanted = [.. parsed.GetRequiredValue(changes).Select(text => Parse(text, parsed.GetValue(type)))];
            wanted.AddRange((parsed.GetValue(removed) ?? []).Select(static key => new GgufChange(key, null)));
            if (wanted.Count == 0)
            {
                throw new UsageException("expected: edgert gguf set FILE KEY=VALUE...");
            }

            string path = parsed.GetRequiredValue(file);
            using var interrupts = new Interrupts();
            using var bar = new ProgressBar("writing " + path);
            UserFile.Use(path, name => GgufEditor.Set(name, wanted, bar, interrupts.Arm()));
            return 0;
        });
        return command;
    }

    private static GgufChange Parse(string text, string? type)
    {
        int separator = text.IndexOf('=', StringComparison.Ordinal);
        return separator > 0
            ? new GgufChange(text[..separator], text[(separator + 1)..], type)
            : throw new UsageException($"{text}: expected KEY=VALUE");
    }
}
