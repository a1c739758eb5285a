using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Options;

/// <summary>A text of the command line, of a file or of standard input.</summary>
/// <param name="Text">The text, or null if it is given as token ids.</param>
/// <param name="Ids">The token ids, or null.</param>
/// <param name="Place">Where it comes from, for messages.</param>
internal sealed record TextItem(string? Text, int[]? Ids, string Place)
{
    /// <summary>Gets the token ids, with those that the vocabulary adds to a text.</summary>
    /// <param name="model">The model.</param>
    /// <param name="parseSpecial">Whether control tokens in the text become their ids.</param>
    /// <param name="truncate">Whether more ids than the limit are allowed.</param>
    /// <param name="limit">The greatest number of ids.</param>
    public int[] Encode(LanguageModel model, bool parseSpecial, bool truncate, int limit)
    {
        int[] ids = Ids ?? [.. model.Tokenizer.Encode(Text!, addSpecial: true, parseSpecial)];
        int wrong = Array.FindIndex(ids, id => id >= model.VocabularySize);
        return ids.Length == 0 ? throw new CommandException($"{Place}: no tokens; expected a text of one or more")
            : wrong >= 0 ? throw new CommandException($"{Place}: token id {ids[wrong]}: the model's ids go to {model.VocabularySize - 1}")
            : !truncate && ids.Length > limit ? throw new CommandException(
                $"{Place}: {ids.Length} tokens, but a context of {limit}; split the text, or let --truncate cut it")
            : ids;
    }
}

/// <summary>The arguments and options of the commands that compute a list of texts.</summary>
/// <param name="what">What a text is called in the help.</param>
internal sealed class TextCommandOptions(string what)
{
    private const string Lines = "lines";
    private const string Whole = "text";
    private const string JsonLines = "jsonl";
    private const string Kinds = $"{Lines}, {Whole}, {JsonLines}";

    /// <summary>Gets the model, if --model does not name it, and the texts.</summary>
    public Argument<string[]> Arguments { get; } = new("model and texts")
    {
        Description = $"A .gguf file, unless --model names it, and {what}s [default: standard input]",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public Option<string[]> Prompts { get; } = new("--prompt", "-p")
    {
        Description = $"A {what}, as the arguments; may be given several times",
        HelpName = "TEXT",
    };

    public Option<string[]> Files { get; } = new("--file", "-f")
    {
        Description = $"A file with {what}s; may be given several times",
        HelpName = "FILE",
    };

    public Option<string> Input { get; } = new("--input")
    {
        Description = $"What files and standard input hold: lines, one {what} each; text, one {what} in all; jsonl, on each line a JSON "
            + "string, a list of token ids, or an object with 'text', 'input' or 'content'",
        HelpName = "KIND",
        DefaultValueFactory = static _ => Lines,
    };

    public Option<bool> Truncate { get; } = OptionFactory.Switch(
        "--truncate", [], "Cut texts that are longer than the context, which otherwise are errors");

    public Option<bool> ParseSpecial { get; } = OptionFactory.Switch(
        "--parse-special", [], "Let control tokens that are spelled out in a text become their ids");

    public Option<int> Batch { get; } = OptionFactory.Integer(
        "--batch-size", ["-b"], "Tokens that are computed in one pass, of as many texts as fit", SessionOptions.DefaultBatchTokens, 1);

    public Option<bool> Exact { get; } = OptionFactory.Switch(
        "--exact", [], "Compute with float32 weights, activations and keys and values");

    public Option<string?> Output { get; } = OptionFactory.Text(
        "--out", ["-o"], "The file to write, whole or not at all [default: standard output]", "FILE");

    public void AddTo(Command command)
    {
        Input.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value is not (Lines or Whole or JsonLines))
            {
                result.AddError($"--input {token.Value}: expected {Kinds}");
            }
        });
        command.Add(Arguments);
        foreach (Option option in (Option[])[Prompts, Files, Input, Truncate, ParseSpecial, Batch, Exact, Output])
        {
            command.Add(option);
        }
    }

    /// <summary>Loads the model that --model or the first argument names.</summary>
    public LanguageModel Load(ParseResult parsed, ModelCommandOptions options, AppLog log)
    {
        string? named = parsed.GetValue(options.Model);
        string path = ModelLocator.Find(GetModel(parsed, named) ?? named);
        return ModelLoading.Load(path, options.GetModelOptions(parsed, log, parsed.GetValue(Exact)));
    }

    /// <summary>Applies the options that all commands with texts have.</summary>
    /// <returns>A copy of <paramref name="passes"/> with the values of the options.</returns>
    public T Apply<T>(ParseResult parsed, ModelCommandOptions options, LanguageModel model, T passes)
        where T : TextPassOptions => passes with
        {
            ContextLength = options.GetContextLength(parsed, model.ContextLength),
            Truncate = parsed.GetValue(Truncate),
            ParseSpecial = parsed.GetValue(ParseSpecial),
            BatchTokens = parsed.IsGiven(Batch) ? parsed.GetValue(Batch) : null, // null leaves it to the model
            KvCacheType = KvTypes.Find(parsed.GetRequiredValue(options.KvType))!.Value,
        };

    /// <summary>Gets the model that the arguments name; null if --model does, or nothing.</summary>
    /// <remarks>The first argument is the model if it names a file.</remarks>
    private string? GetModel(ParseResult parsed, string? option) =>
        option is null && parsed.GetValue(Arguments) is [var first, ..] && IsFile(first) ? first : null;

    /// <summary>Reads the texts, one after the other.</summary>
    public IEnumerable<TextItem> Read(ParseResult parsed, ModelCommandOptions options)
    {
        string[] arguments = parsed.GetValue(Arguments) ?? [];
        int first = GetModel(parsed, parsed.GetValue(options.Model)) is null ? 0 : 1;
        string[] prompts = parsed.GetValue(Prompts) ?? [];
        string[] files = parsed.GetValue(Files) ?? [];
        for (int i = first; i < arguments.Length; i++)
        {
            yield return new TextItem(arguments[i], null, $"{what} {i - first}");
        }

        foreach (string prompt in prompts)
        {
            yield return new TextItem(prompt, null, "--prompt");
        }

        string kind = parsed.GetRequiredValue(Input);
        foreach (string file in files)
        {
            using var reader = new StringReader(UserFile.ReadText(file));
            foreach (TextItem item in Read(reader, kind, file))
            {
                yield return item;
            }
        }

        if (arguments.Length == first && prompts.Length == 0 && files.Length == 0)
        {
            using TextReader reader = StandardInput.Open();
            foreach (TextItem item in Read(reader, kind, "standard input"))
            {
                yield return item;
            }
        }
    }

    private static bool IsFile(string argument) => File.Exists(argument) || argument.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<TextItem> Read(TextReader reader, string kind, string source)
    {
        if (kind == Whole)
        {
            yield return new TextItem(reader.ReadToEnd(), null, source);
            yield break;
        }

        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            string place = $"{source}: line {++number}";
            if (kind == Lines)
            {
                yield return new TextItem(line, null, place);
            }
            else if (!string.IsNullOrWhiteSpace(line))
            {
                yield return ParseJson(line, place);
            }
        }
    }

    private static TextItem ParseJson(string line, string place)
    {
        try
        {
            using JsonDocument document = JsonBytes.ParseLine(line);
            JsonElement element = document.RootElement;
            if (element.ValueKind == JsonValueKind.Object)
            {
                element = element.TryGetProperty("text", out JsonElement text) || element.TryGetProperty("input", out text)
                    || element.TryGetProperty("content", out text)
                    ? text
                    : throw new CommandException($"{place}: an object without 'text', 'input' or 'content'");
            }

            return element.ValueKind switch
            {
                JsonValueKind.String => new TextItem(element.GetString()!, null, place),
                JsonValueKind.Array => new TextItem(null, ParseIds(element, place), place),
                _ => throw new CommandException($"{place}: expected a text or a list of token ids, found {element.ValueKind}"),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new CommandException($"{place}: not valid JSON: {exception.Message}", exception);
        }
    }

    private static int[] ParseIds(JsonElement list, string place)
    {
        var ids = new List<int>();
        foreach (JsonElement element in list.EnumerateArray())
        {
            ids.Add(element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int id) && id >= 0
                ? id
                : throw new CommandException($"{place}: expected token ids, found {OneLine.Value(element.GetRawText())}"));
        }

        return [.. ids];
    }
}
