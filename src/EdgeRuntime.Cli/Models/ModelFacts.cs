using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Models;

/// <summary>The tensors of one type in a file.</summary>
internal sealed record TensorTypeCount(string Type, int Count, long Bytes, bool HasKernels);

/// <summary>The facts about a model file that users need before they run it.</summary>
internal sealed class ModelFacts
{
    /// <summary>The sizes that architectures share: the last part of their metadata key, and the name to show.</summary>
    private static readonly (string Key, string Name)[] SizeKeys =
    [
        ("context_length", "context"), ("block_count", "layers"), ("embedding_length", "width"), ("feed_forward_length", "feed-forward"),
        ("attention.head_count", "heads"), ("attention.head_count_kv", "KV heads"), ("expert_count", "experts"),
        ("expert_used_count", "experts used"), ("attention.sliding_window", "window"), ("rope.freq_base", "RoPE base"),
    ];

    public required GgufFile File { get; init; }

    public required ModelInspection Inspection { get; init; }

    public required string InstructionSet { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>
    /// Gets the one of the problems that only text meets: this build lacks the tokenizer, and the model runs on token ids; or null.
    /// </summary>
    public string? MissingTokenizer { get; init; }

    public required string TokenizerText { get; init; }

    public int? BeginOfSequence { get; init; }

    public int? EndOfSequence { get; init; }

    public string? Name => Text("general.name");

    public string? TokenizerModel => Text("tokenizer.ggml.model");

    public string? PreTokenizer => Text("tokenizer.ggml.pre");

    public string Template => Text("tokenizer.chat_template") ?? "";

    public int VocabularySize =>
        File.Metadata.TryGetValue("tokenizer.ggml.tokens", out object? tokens) && tokens is Array list ? list.Length : 0;

    public IReadOnlyDictionary<string, string> Sizes => SizeKeys
        .Select(size => (size.Name, Value: Scalar($"{Inspection.Architecture}.{size.Key}")))
        .Where(size => size.Value is not null)
        .ToDictionary(size => size.Name, size => size.Value!);

    public long Parameters => File.Tensors.Sum(tensor => tensor.Rows * tensor.Columns);

    /// <summary>Gets the bytes of the weights that run.</summary>
    public long WeightBytes => TensorBytes - Inspection.TensorsNotRun.Sum(tensor => tensor.ByteLength);

    public double BitsPerWeight => Parameters == 0 ? 0 : 8.0 * TensorBytes / Parameters;

    public IReadOnlyList<TensorTypeCount> TensorTypes =>
    [
        .. File.Tensors.GroupBy(tensor => tensor.Type)
            .Select(group => new TensorTypeCount(
                group.Key.ToString(), group.Count(), group.Sum(tensor => tensor.ByteLength), ModelInspection.HasKernels(group.Key)))
            .OrderByDescending(type => type.Bytes),
    ];

    private long TensorBytes => File.Tensors.Sum(tensor => tensor.ByteLength);

    /// <param name="file">The opened file; stays the caller's.</param>
    /// <param name="instructionSet">Name of the requested instruction set, or null.</param>
    public static ModelFacts Read(GgufFile file, string? instructionSet)
    {
        ModelInspection inspection = ModelInspection.Inspect(file);
        var problems = new List<string>(inspection.Problems);
        Tokenizer? tokenizer = inspection.Tokenizer;
        string? missing = inspection.TokenizerProblem is { } problem && !problems.Contains(problem) ? problem : null;
        if (missing is not null)
        {
            problems.Add(missing);
        }

        return new ModelFacts
        {
            File = file,
            Inspection = inspection,
            InstructionSet = ProcessorInfo.GetInstructionSet(instructionSet),
            Problems = problems.ConvertAll(problem => WithoutPath(problem, file.Path)),
            MissingTokenizer = missing is null ? null : WithoutPath(missing, file.Path),
            TokenizerText = tokenizer is null
                ? $"not usable: {WithoutPath(inspection.TokenizerProblem!, file.Path)}"
                : Describe(file, tokenizer),
            BeginOfSequence = tokenizer?.BeginOfSequence,
            EndOfSequence = tokenizer?.EndOfSequence,
        };
    }

    /// <summary>Removes the file's path from a message, because the output names the file already.</summary>
    public static string WithoutPath(string message, string file)
    {
        string path = file + ": ";
        return message.StartsWith(path, StringComparison.Ordinal) ? message[path.Length..] : message;
    }

    private static string Describe(GgufFile file, Tokenizer tokenizer)
    {
        string pre = file.Metadata.GetString("tokenizer.ggml.pre", "") is { Length: > 0 } name ? $" ({name})" : "";
        return $"{file.Metadata.GetString("tokenizer.ggml.model", "none")}{pre}, {tokenizer.VocabularySize} tokens, "
            + $"BOS {Token(tokenizer, tokenizer.BeginOfSequence)}, EOS {Token(tokenizer, tokenizer.EndOfSequence)}";
    }

    private static string Token(Tokenizer tokenizer, int? token) =>
        token is { } id ? $"{id} {tokenizer.Decode([id], special: true)}" : "none";

    private string? Text(string key) => File.Metadata.TryGetValue(key, out object? value) && value is string text ? text : null;

    private string? Scalar(string key)
    {
        if (!File.Metadata.TryGetValue(key, out object? value))
        {
            return null;
        }

        return value is Array list
            ? string.Join(" ", list.Cast<object>().Distinct().Take(8).Select(item => Convert.ToString(item, CultureInfo.InvariantCulture)))
            : Convert.ToString(value, CultureInfo.InvariantCulture);
    }
}
