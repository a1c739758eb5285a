using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Embeddings;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert embed</c>: computes embeddings of texts.</summary>
internal static class EmbedCommand
{
    public const string Name = "embed";

    private const int TextsOfAStep = 1024;

    public static Command Create()
    {
        var options = new ModelCommandOptions(defaultKvType: "f32");
        var texts = new TextCommandOptions("text");
        Option<string> pooling = Choice<EmbeddingPooling>(
            "--pooling", "How the vectors of the tokens become one [default: as the model says]");
        Option<int> normalize = OptionFactory.Integer(
            "--normalize", ["--embd-normalize"],
            "The norm that vectors are divided by: 2 Euclidean, 1 sum, other p-norms, 0 greatest absolute value to 32760, -1 none", 2, -1);
        Option<string> format = Choice<EmbeddingFormat>(
            "--format", "What is written: json, one object; jsonl, one on each line; raw, float32 in little endian [default: json]");
        var command = new Command(Name, "Computes embeddings of texts, or of the tokens of texts with --pooling none.");
        texts.AddTo(command);
        options.AddWithoutSessionTo(command);
        foreach (Option option in (Option[])[pooling, normalize, format])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            EmbeddingFormat form = Parse<EmbeddingFormat>(parsed.GetValue(format)) ?? EmbeddingFormat.Json;
            RefuseRawTerminal(form, parsed.GetValue(texts.Output));
            using AppLog log = options.CreateLog(parsed);
            using LanguageModel model = texts.Load(parsed, options, log);
            EmbeddingOptions embedding = texts.Apply(parsed, options, model, new EmbeddingOptions
            {
                Pooling = Parse<EmbeddingPooling>(parsed.GetValue(pooling)),
                Normalization = parsed.GetValue(normalize),
            });
            Write(
                model, texts.Read(parsed, options), embedding, form, parsed.GetValue(texts.Output), parsed.GetValue(texts.Files) ?? []);
            return 0;
        });
        return command;
    }

    private static void Write(
        LanguageModel model, IEnumerable<TextItem> texts, EmbeddingOptions options, EmbeddingFormat format, string? path, string[] inputs)
    {
        if (path is null)
        {
            using var output = new StandardOutput();
            Write(model, texts, options, format, output.WriteBytes);
            return;
        }

        using FileReplacement file = UserFile.Create(path, inputs);
        Write(model, texts, options, format, file.Write);
        file.Commit();
    }

    private static void Write(
        LanguageModel model, IEnumerable<TextItem> texts, EmbeddingOptions options, EmbeddingFormat format, ByteSink output)
    {
        bool isPerToken = (options.Pooling ?? model.Pooling) == EmbeddingPooling.None;
        var writer = new EmbeddingWriter(output, format, Path.GetFileNameWithoutExtension(model.Path), isPerToken);
        foreach (TextItem[] step in texts.Chunk(TextsOfAStep))
        {
            foreach (TextEmbedding embedding in Compute(model, step, options))
            {
                writer.Write(embedding);
            }
        }

        writer.End();
    }

    /// <summary>Computes some texts. They are tokenized here, so that a message about one of them says where it comes from.</summary>
    private static IReadOnlyList<TextEmbedding> Compute(LanguageModel model, TextItem[] items, EmbeddingOptions options)
    {
        if (options.Truncate && Array.TrueForAll(items, static item => item.Text is { Length: > 0 }))
        {
            return model.Embed(items.Select(static item => item.Text!), options);
        }

        int limit = options.ContextLength ?? model.ContextLength;
        return model.Embed(
            items.Select(item => (ReadOnlyMemory<int>)item.Encode(model, options.ParseSpecial, options.Truncate, limit)), options);
    }

    private static void RefuseRawTerminal(EmbeddingFormat format, string? path)
    {
        if (format == EmbeddingFormat.Raw && path is null && !Console.IsOutputRedirected)
        {
            throw new UsageException("--format raw: standard output is a terminal; name a file with --out");
        }
    }

    /// <summary>Creates an option whose values are those of an enumeration, in lower case.</summary>
    private static Option<string> Choice<T>(string name, string description)
        where T : struct, Enum
    {
        string names = string.Join(", ", Enum.GetNames<T>().Select(static value => value.ToLowerInvariant()));
        var option = new Option<string>(name) { Description = $"{description}: {names}", HelpName = "KIND" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Parse<T>(token.Value) is null)
            {
                result.AddError($"{name} {token.Value}: expected {names}");
            }
        });
        return option;
    }

    private static T? Parse<T>(string? text)
        where T : struct, Enum =>
        text is { Length: > 0 } && char.IsAsciiLetter(text[0]) && Enum.TryParse(text, ignoreCase: true, out T value) ? value : null;
}
