using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>The sizes of a model that determine its speed.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="FeedForward">Width inside the feed-forward block.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">KV heads.</param>
/// <param name="HeadLength">Elements of a head.</param>
/// <param name="Vocabulary">Tokens.</param>
/// <param name="Tied">Whether the embedding is the output matrix too.</param>
internal sealed record ModelShape(
    string Name, int Hidden, int FeedForward, int Layers, int Heads, int KvHeads, int HeadLength, int Vocabulary, bool Tied)
{
    /// <summary>The number of weights in a block of most types.</summary>
    private const int BlockElements = 32;

    public static IReadOnlyList<ModelShape> All { get; } =
    [
        new("tiny", 256, 768, 2, 4, 2, 64, 1024, Tied: true),
        new("smollm2-135m", 576, 1536, 30, 9, 3, 64, 49_152, Tied: true),
        new("qwen-0.5b", 896, 4864, 24, 14, 2, 64, 151_936, Tied: true),
        new("tiny-novel-1b", 2048, 6144, 20, 32, 16, 64, 32_768, Tied: true),
        new("llama-1b", 2048, 8192, 16, 32, 8, 64, 128_256, Tied: true),
        new("tinyllama-1.1b", 2048, 5632, 22, 32, 4, 64, 32_000, Tied: false),
        new("qwen-1.5b", 1536, 8960, 28, 12, 2, 128, 151_936, Tied: true),
        new("llama-3b", 3072, 8192, 28, 24, 8, 128, 128_256, Tied: true),

        // One for each kind of module that the others lack.
        new("gemma3-270m", 640, 2048, 18, 4, 1, 256, 262_144, Tied: true) { Family = AttentionFamilies.Gemma3 },
        new("qwen3-0.6b", 1024, 3072, 28, 16, 8, 128, 151_936, Tied: true) { Family = AttentionFamilies.Qwen3 },
        new("experts", 1024, 512, 20, 16, 8, 64, 32_768, Tied: true) { Family = AttentionFamilies.Experts(count: 32, used: 4) },
        new("latent", 1024, 2816, 16, 16, 16, 128, 32_768, Tied: true) { Family = AttentionFamilies.Latent(latent: 512, rotated: 64) },
        new("mamba2", 1024, 0, 48, 32, 32, 64, 50_288, Tied: true) { Family = RecurrentFamilies.Mamba2(states: 128) },
        new("gated-delta-net", 1024, 3584, 24, 8, 2, 256, 248_320, Tied: true)
        {
            Family = RecurrentFamilies.DeltaNet(heads: 16, length: 128),
        },
        new("short-convolution", 1024, 4608, 16, 16, 8, 64, 65_536, Tied: true) { Family = RecurrentFamilies.ShortConvolution },
    ];

    /// <summary>Gets the architecture.</summary>
    public ModelFamily Family { get; init; } = AttentionFamilies.Llama;

    /// <summary>The sizes that may follow a name, with their maximum.</summary>
    private static readonly Dictionary<string, (int Most, Func<ModelShape, int, ModelShape> Apply)> Sizes = new()
    {
        ["hidden"] = (1 << 16, (shape, size) => shape with { Hidden = size }),
        ["feed-forward"] = (1 << 17, (shape, size) => shape with { FeedForward = size }),
        ["layers"] = (1024, (shape, size) => shape with { Layers = size }),
        ["heads"] = (1024, (shape, size) => shape with { Heads = size }),
        ["kv-heads"] = (1024, (shape, size) => shape with { KvHeads = size }),
        ["head"] = (512, (shape, size) => shape with { HeadLength = size }),
        ["vocab"] = (1 << 20, (shape, size) => shape with { Vocabulary = size }),
    };

    /// <summary>Parses the name of a shape, optionally followed by other sizes: <c>qwen-0.5b,layers=2,vocab=1003</c>.</summary>
    /// <exception cref="ArgumentException">
    /// The shape or a size is unknown, or no model can have these sizes together; the message says what is expected.
    /// </exception>
    public static ModelShape Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(',');
        ModelShape shape = parts.Skip(1).Aggregate(Find(parts[0]), (changed, part) => changed.With(part)) with { Name = text };
        string? problem =
            shape.Vocabulary < SyntheticModel.LeastVocabulary ? $"a vocabulary of {SyntheticModel.LeastVocabulary} or more"
            : shape.Heads % shape.KvHeads != 0 ? "heads that kv-heads divide"
            : shape.HeadLength % 2 != 0 ? "an even head"
            : shape.Hidden % BlockElements != 0 || shape.FeedForward % BlockElements != 0
                || shape.Heads * shape.HeadLength % BlockElements != 0
                ? $"hidden, feed-forward and heads x head that {BlockElements} divides" : null;
        return problem is null ? shape : throw new ArgumentException($"{text}: expected {problem}", nameof(text));
    }

    /// <summary>Gets the facts on which the types of tensors depend.</summary>
    public QuantizationModel ForQuantization()
    {
        object? experts = Family.Keys(this).FirstOrDefault(static key => key.Key == "expert_count").Value;
        return new QuantizationModel(
            Family.Architecture, Layers, Heads, KvHeads, Convert.ToInt32(experts, CultureInfo.InvariantCulture));
    }

    private ModelShape With(string change)
    {
        string[] parts = change.Split('=');
        if (parts.Length != 2 || !Sizes.TryGetValue(parts[0], out (int Most, Func<ModelShape, int, ModelShape> Apply) size))
        {
            string expected = string.Join(", ", Sizes.Keys.Select(name => name + "=N"));
            throw new ArgumentException($"'{change}': expected one of {expected}", nameof(change));
        }

        return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= size.Most
            ? size.Apply(this, number)
            : throw new ArgumentException(
                FormattableString.Invariant($"'{change}': expected a number of 1 to {size.Most}"), nameof(change));
    }

    /// <exception cref="ArgumentException">There is no such shape; the message lists all shapes.</exception>
    public static ModelShape Find(string name) =>
        All.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"no shape '{name}'; use one of: {string.Join(", ", All.Select(shape => shape.Name))}", nameof(name));
}
