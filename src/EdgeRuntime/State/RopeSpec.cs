using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.State;

/// <summary>
/// Rotary position embedding with the scaling kinds of GGUF files: none, linear, yarn and longrope, and frequency factors
/// (<c>rope_freqs</c>, as Llama 3 uses them).
/// Source: ggml-cpu/ops.cpp <c>rope_yarn</c>, llama-context.cpp; YaRN: arXiv 2309.00071.
/// </summary>
internal sealed record RopeSpec
{
    /// <summary>Elements of a head that rotate; even.</summary>
    public required int Dimensions { get; init; }

    public required RopePairing Pairing { get; init; }

    public required float Base { get; init; }

    /// <summary>Factor of the angle for interpolated dimensions, 1 / scaling factor.</summary>
    public float FrequencyScale { get; init; } = 1;

    /// <summary>YaRN's mix of extrapolation, 0 is off.</summary>
    public float ExtrapolationFactor { get; init; }

    /// <summary>Factor of cosine and sine.</summary>
    public float Magnitude { get; init; } = 1;

    public float BetaFast { get; init; } = 32;

    public float BetaSlow { get; init; } = 1;

    /// <summary>Positions of the training before it was stretched.</summary>
    public required int OriginalContextLength { get; init; }

    /// <summary>[Dimensions / 2] divisors of the angle, or null.</summary>
    public float[]? FrequencyFactors { get; init; }

    /// <summary>Longrope: divisors for contexts above <see cref="OriginalContextLength"/>, or null.</summary>
    public float[]? LongFactors { get; init; }

    /// <summary>Longrope: divisors for contexts up to <see cref="OriginalContextLength"/>, or null.</summary>
    public float[]? ShortFactors { get; init; }

    /// <summary>The divisors that a session with this context length uses, or null.</summary>
    public float[]? FactorsFor(int contextLength) =>
        FrequencyFactors ?? (contextLength > OriginalContextLength ? LongFactors : ShortFactors);
}
