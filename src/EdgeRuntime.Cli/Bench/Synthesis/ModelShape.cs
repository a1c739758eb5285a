using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>Sizes of a model of the llama family, as measurements need them: all that decides its speed.</summary>
/// <param name="Name">As on the command line.</param>
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
    public static IReadOnlyList<ModelShape> All { get; } =
    [
        new("tiny", 256, 768, 2, 4, 2, 64, 1024, Tied: true),
        new("smollm2-135m", 576, 1536, 30, 9, 3, 64, 49_152, Tied: true),
        new("qwen-0.5b", 896, 4864, 24, 14, 2, 64, 151_936, Tied: true),
        new("llama-1b", 2048, 8192, 16, 32, 8, 64, 128_256, Tied: true),
        new("tinyllama-1.1b", 2048, 5632, 22, 32, 4, 64, 32_000, Tied: false),
        new("qwen-1.5b", 1536, 8960, 28, 12, 2, 128, 151_936, Tied: true),
        new("llama-3b", 3072, 8192, 28, 24, 8, 128, 128_256, Tied: true),
    ];

    /// <exception cref="ArgumentException">No such shape; the message lists those that are.</exception>
    public static ModelShape Find(string name) => All.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"no shape '{name}'; use one of: {string.Join(", ", All.Select(shape => shape.Name))}", nameof(name));
}
