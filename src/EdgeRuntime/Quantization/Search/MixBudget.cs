using System;

namespace EdgeRuntime.Quantization.Search;

/// <summary>Specifies what a mix of tensor types may cost. There is always one limit, and the mix is the best one within it.</summary>
public sealed record MixBudget
{
    private MixBudget(MixBudgetKind kind, double limit) => (Kind, Limit) = (kind, limit);

    internal MixBudgetKind Kind { get; }

    internal double Limit { get; }

    /// <summary>Creates a limit on the size of the file.</summary>
    /// <param name="bytes">The largest size in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive.</exception>
    public static MixBudget OfBytes(long bytes) => Create(MixBudgetKind.Bytes, bytes);

    /// <summary>Creates a limit on the mean number of bits for each weight of the model, tensors that keep their type included.</summary>
    /// <param name="bits">The largest number of bits per weight.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive and finite.</exception>
    public static MixBudget OfBitsPerWeight(double bits) => Create(MixBudgetKind.BitsPerWeight, bits);

    /// <summary>Creates a limit on the divergence from the model. The mix is the smallest one within it.</summary>
    /// <param name="divergence">The largest mean Kullback-Leibler divergence, in nats.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive and finite.</exception>
    public static MixBudget OfDivergence(double divergence) => Create(MixBudgetKind.Divergence, divergence);

    /// <summary>Creates a limit on the time of a decoded token on this machine, or that of <see cref="MixSearchOptions.Device"/>.</summary>
    /// <param name="tokensPerSecond">The least number of tokens per second of one sequence.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive and finite.</exception>
    public static MixBudget OfTokensPerSecond(double tokensPerSecond) => Create(MixBudgetKind.TokensPerSecond, tokensPerSecond);

    private static MixBudget Create(MixBudgetKind kind, double limit) => new(
        kind, OptionCheck.Require(limit, limit > 0 && double.IsFinite(limit), "a positive number"));
}

/// <summary>What a <see cref="MixBudget"/> limits.</summary>
internal enum MixBudgetKind
{
    Bytes,
    BitsPerWeight,
    Divergence,
    TokensPerSecond,
}
