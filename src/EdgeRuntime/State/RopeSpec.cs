using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.State;

/// <summary>
/// Rotary position embedding with the scaling kinds of GGUF files: none, linear, yarn and longrope, and frequency factors
/// (<c>rope_freqs</c>, as Llama 3 uses them).
/// Source: ggml-cpu/ops.cpp <c>rope_yarn</c>, llama-context.cpp; YaRN: arXiv 2309.00071.
/// </summary>
internal sealed record RopeSpec
{
    /// <summary>The number of elements of a head that rotate; even.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Which elements of a head form a pair.</summary>
    public required RopePairing Pairing { get; init; }

    /// <summary>The base of the frequencies.</summary>
    public required float Base { get; init; }

    /// <summary>The factor of the angle for interpolated dimensions: 1 / scaling factor.</summary>
    public float FrequencyScale { get; init; } = 1;

    /// <summary>The share of extrapolation in YaRN; 0 is off.</summary>
    public float ExtrapolationFactor { get; init; }

    /// <summary>The factor of cosine and sine.</summary>
    public float Magnitude { get; init; } = 1;

    /// <summary>YaRN: rotations over the original context above which a dimension is extrapolated.</summary>
    public float BetaFast { get; init; } = 32;

    /// <summary>YaRN: rotations over the original context below which a dimension is interpolated.</summary>
    public float BetaSlow { get; init; } = 1;

    /// <summary>The context length of the training before the context was extended.</summary>
    public required int OriginalContextLength { get; init; }

    /// <summary>[Dimensions / 2] divisors of the angle, or null.</summary>
    public float[]? FrequencyFactors { get; init; }

    /// <summary>Longrope: divisors for contexts above <see cref="OriginalContextLength"/>, or null.</summary>
    public float[]? LongFactors { get; init; }

    /// <summary>Longrope: divisors for contexts up to <see cref="OriginalContextLength"/>, or null.</summary>
    public float[]? ShortFactors { get; init; }

    /// <summary>Gets whether there are divisors for any context length.</summary>
    public bool HasFactors => FrequencyFactors is not null || LongFactors is not null || ShortFactors is not null;

    /// <summary>Returns the divisors for this context length, or null.</summary>
    public float[]? FactorsFor(int contextLength) =>
        FrequencyFactors ?? (contextLength > OriginalContextLength ? LongFactors : ShortFactors);
}
