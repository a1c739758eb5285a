using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert tokenize</c>: prints token ids and pieces of a text. Reads the vocabulary only.</summary>
internal static class TokenizeCommand
{
    public const string Name = "tokenize";

    public static Command Create()
    {
        var model = new Argument<string?>("model")
        {
            Description = "A .gguf file (a vocabulary alone is enough), or a model's name; a single argument that is no file is the text "
                + "[default: the bundled model]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var text = new Argument<string?>("text") { Description = "The text [default: standard input]", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> modelOption = OptionFactory.Text("--model", ["-m"], "The model; the one argument is then the text", "FILE|NAME");
        Option<string?> batch = OptionFactory.Text(
            "--batch", [], "A JSON list of texts; prints a list of {text, ids, detokenized, ids_add_special_parse_special, "
            + "ids_parse_special}", "FILE");
        Option<bool> noSpecial = OptionFactory.Switch(
            "--no-bos", ["--no-add-special"], "Don't add the BOS and EOS tokens that the vocabulary specifies");
        Option<bool> noParse = OptionFactory.Switch(
            "--no-parse-special", [], "Treat control tokens in the text (<|im_end|>) as plain text");
        Option<string?> preTokenizer = ModelCommandOptions.CreatePreTokenizer();
        Option<bool> ids = OptionFactory.Switch("--ids", [], "Print the ids alone, as a list in one line");
        var command = new Command(
            Name, "Prints the token ids and pieces of a text, one token a line: id, a tab, the piece as a JSON string.")
        {
            model, text, modelOption, batch, noSpecial, noParse, ids, preTokenizer,
            OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            (string? modelName, string? given) = Arguments(
                parsed.GetValue(model), parsed.GetValue(text), parsed.GetValue(modelOption), withText: parsed.GetValue(batch) is null);
            Tokenizer tokenizer = Tokenizer.FromGguf(ModelLocator.Find(modelName), parsed.GetValue(preTokenizer));
            using var output = new StandardOutput();
            if (parsed.GetValue(batch) is { } texts)
            {
                WriteBatch(tokenizer, texts, output);
                return 0;
            }

            int[] tokens = tokenizer.Encode(
                given ?? StandardInput.ReadAll(), addSpecial: !parsed.GetValue(noSpecial), parseSpecial: !parsed.GetValue(noParse));
            output.Write(parsed.GetValue(ids) ? $"[{string.Join(", ", tokens)}]\n" : Listing(tokenizer, tokens));
            return 0;
        });
        return command;
    }

    /// <summary>Gets the model and the text from the arguments.</summary>
    /// <remarks>A single argument is the text if it names no file, or if the option names the model.</remarks>
    private static (string? Model, string? Text) Arguments(
        string? first, string? second, string? option, bool withText) => (first, second, option) switch
        {
            (_, not null, _) or (not null, _, not null) when !withText => throw new UsageException("expected either a text or --batch"),
            _ when !withText => (option ?? first, null),
            (_, not null, not null) => throw new UsageException("--model and two arguments: the model is named twice"),
            (_, null, not null) => (option, first),
            (not null, null, null) when !File.Exists(first) && !first.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) =>
                (null, first),
            _ => (first, second),
        };

    private static string Listing(Tokenizer tokenizer, IReadOnlyList<int> tokens)
    {
        var lines = new StringBuilder();
        foreach (int token in tokens)
        {
            string piece = Encoding.UTF8.GetString(tokenizer.GetPieceBytes(token, special: true));
            lines.Append(token).Append('\t').Append(JsonText.Quote(piece)).Append('\n');
        }

        return lines.ToString();
    }

    private static void WriteBatch(Tokenizer tokenizer, string path, StandardOutput output)
    {
        using JsonDocument document = JsonText.ReadFile(path);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
        {
            throw new CommandException($"{path}: expected a JSON list of texts, found {document.RootElement.ValueKind}");
        }

        var results = new JsonArray();
        foreach (JsonElement element in document.RootElement.EnumerateArray())
        {
            string text = ReadText(element, $"{path}: item {results.Count}");
            int[] ids = tokenizer.Encode(text, addSpecial: false);
            results.Add((JsonNode)new JsonObject
            {
                ["text"] = text,
                ["ids"] = JsonText.List(ids),
                ["detokenized"] = tokenizer.TidySpaces(tokenizer.Decode(ids, special: true)),
                ["ids_add_special_parse_special"] = JsonText.List(tokenizer.Encode(text, addSpecial: true, parseSpecial: true)),
                ["ids_parse_special"] = JsonText.List(tokenizer.Encode(text, addSpecial: false, parseSpecial: true)),
            });
        }

        JsonText.Write(results, output);
    }

    private static string ReadText(JsonElement element, string place)
    {
        if (element.ValueKind != JsonValueKind.String)
        {
            throw new CommandException($"{place}: expected a text, found {element.ValueKind}");
        }

        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new CommandException($"{place}: expected a text, found half a surrogate pair", exception);
        }
    }
}
