using System;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Sampling;

namespace EdgeRuntime;

/// <summary>
/// Chooses the next token from logits: a list of steps in the order of llama.cpp, then a draw from its own seeded generator. For one caller
/// at a time.
/// </summary>
/// <remarks>
/// The same logits, options and seed give the same tokens on every platform and with every thread count: selection is integer arithmetic,
/// and probabilities are IEEE double arithmetic in a fixed order (<c>DeterministicMath</c>). <see cref="Sample"/> does not allocate.
/// </remarks>
public sealed class Sampler
{
    private readonly SamplingStep[] _steps;
    private readonly Candidates? _candidates;
    private readonly bool _greedy;
    private readonly int _vocabularySize;
    private SamplingRandom _random;

    /// <param name="options">The settings of the steps.</param>
    /// <param name="vocabularySize">The number of logits per position.</param>
    /// <param name="contextLength">The meaning of -1 in <see cref="SamplingOptions.RepeatLastTokens"/>.</param>
    /// <exception cref="ArgumentException">A setting is invalid.</exception>
    public Sampler(SamplingOptions options, int vocabularySize, int contextLength)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        Validate(options);
        _vocabularySize = vocabularySize;
        _greedy = options.Temperature <= 0;
        _steps = [.. BuildSteps(options, vocabularySize, contextLength)];
        if (!_greedy || _steps.Length > 0)
        {
            _candidates = new Candidates(vocabularySize);
        }

        Seed = options.Seed ?? SamplingRandom.NewSeed();
        _random = new SamplingRandom(Seed);
    }

    /// <summary>Gets the seed in use: the seed of the options, or a random one.</summary>
    public ulong Seed { get; }

    /// <summary>Lists the steps in the order in which they run.</summary>
    private static IEnumerable<SamplingStep> BuildSteps(SamplingOptions o, int vocabularySize, int contextLength)
    {
        int window = o.RepeatLastTokens < 0 ? contextLength : o.RepeatLastTokens;
        bool penalized = window > 0 && (o.RepeatPenalty != 1 || o.PresencePenalty != 0 || o.FrequencyPenalty != 0);

        if (o.LogitBias.Count > 0) { yield return new LogitBias(o.LogitBias, vocabularySize); }
        if (penalized) { yield return new Penalties(o.RepeatPenalty, o.PresencePenalty, o.FrequencyPenalty, window, vocabularySize); }

        // Greedy decoding picks the best of these logits. The filters below always keep that token, so they are skipped.
        if (o.Temperature <= 0) { yield break; }
        if (o.TopK > 0) { yield return new TopK(Math.Max(o.TopK, o.MinKeep)); }
        if (o.TypicalP < 1) { yield return new TypicalP(o.TypicalP, o.MinKeep); }
        if (o.TopP < 1) { yield return new TopP(o.TopP, o.MinKeep); }
        if (o.MinP > 0) { yield return new MinP(o.MinP, o.MinKeep); }
        if (o.Temperature != 1) { yield return new Temperature(o.Temperature); }
    }

    /// <summary>Resets the penalties to the history <paramref name="tokens"/>. The random generator continues.</summary>
    public void Reset(ReadOnlySpan<int> tokens)
    {
        foreach (SamplingStep step in _steps)
        {
            step.Reset(tokens);
        }
    }

    /// <summary>Records a token that was appended.</summary>
    public void Accept(int token)
    {
        foreach (SamplingStep step in _steps)
        {
            step.Accept(token);
        }
    }

    /// <summary>Chooses a token. Call <see cref="Accept"/> afterwards.</summary>
    /// <param name="logits">[vocabulary]; minus infinity excludes a token.</param>
    /// <exception cref="SamplingException">The logits contain NaN or infinity, or no token remains.</exception>
    public int Sample(ReadOnlySpan<float> logits)
    {
        if (_candidates is null)
        {
            return FirstOf(logits, CheckedBest(logits, logits));
        }

        if (_greedy)
        {
            float best = Load(logits);
            return FirstOf(_candidates.Logits, best);
        }

        double sum = Filter(logits);
        return _candidates.TokenAt(_random.NextDouble() * sum);
    }

    /// <summary>Gets the distribution from which <see cref="Sample"/> would draw.</summary>
    internal void GetDistribution(ReadOnlySpan<float> logits, Distribution distribution)
    {
        if (_greedy)
        {
            distribution.Resize(1);
            distribution.Ids[0] = Sample(logits);
            distribution.Probabilities[0] = 1;
        }
        else
        {
            double sum = Filter(logits);
            _candidates!.CopyTo(distribution, sum);
        }
    }

    /// <summary>Gets a number in [0, 1) from the generator of the sampler.</summary>
    internal double NextRandom() => _random.NextDouble();

    /// <summary>Runs the steps. Afterwards the candidates have their weights.</summary>
    /// <returns>The sum of the weights.</returns>
    private double Filter(ReadOnlySpan<float> logits)
    {
        Candidates candidates = _candidates!;
        CheckedBest(logits, logits);
        candidates.Load(logits);
        foreach (SamplingStep step in _steps)
        {
            step.Apply(candidates);
        }

        double sum = candidates.ComputeWeights();
        return sum > 0 ? sum : throw NoTokenLeft();
    }

    private float Load(ReadOnlySpan<float> logits)
    {
        CheckedBest(logits, logits);
        _candidates!.Load(logits);
        foreach (SamplingStep step in _steps)
        {
            step.Apply(_candidates);
        }

        return CheckedBest(_candidates.Logits, logits);
    }

    // TensorPrimitives.Max returns NaN if any element is NaN.
    private float CheckedBest(ReadOnlySpan<float> logits, ReadOnlySpan<float> given)
    {
        if (given.Length != _vocabularySize)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{given.Length} logits; this sampler takes {_vocabularySize}"),
                nameof(logits));
        }

        float best = TensorPrimitives.Max(logits);
        if (float.IsFinite(best))
        {
            return best;
        }

        if (float.IsNegativeInfinity(best))
        {
            throw NoTokenLeft();
        }

        int token = 0;
        while (!float.IsNaN(logits[token]) && !float.IsPositiveInfinity(logits[token]))
        {
            token++;
        }

        throw new SamplingException(string.Create(
            CultureInfo.InvariantCulture,
            $"the model computed {best} as the logit of token {token}: its weights are damaged or it overflowed"));
    }

    private static SamplingException NoTokenLeft() =>
        new("no token is left to choose: every logit is minus infinity (banned by LogitBias, or by the model)");

    private static int FirstOf(ReadOnlySpan<float> logits, float best)
    {
        int i = 0;
        Vector512<float> wanted = Vector512.Create(best);
        foreach (Vector512<float> block in MemoryMarshal.Cast<float, Vector512<float>>(logits))
        {
            if (Vector512.EqualsAny(block, wanted))
            {
                break;
            }

            i += Vector512<float>.Count;
        }

        while (logits[i] != best)
        {
            i++;
        }

        return i;
    }

    private static void Validate(SamplingOptions o)
    {
        Check(float.IsFinite(o.Temperature), nameof(o.Temperature), o.Temperature, "a number; 0 is greedy");
        Check(!float.IsNaN(o.TopP), nameof(o.TopP), o.TopP, "0 to 1; 1 is off");
        Check(!float.IsNaN(o.MinP) && o.MinP <= 1, nameof(o.MinP), o.MinP, "0 to 1; 0 is off");
        Check(!float.IsNaN(o.TypicalP), nameof(o.TypicalP), o.TypicalP, "0 to 1; 1 is off");
        bool divides = float.IsFinite(o.RepeatPenalty) && o.RepeatPenalty > 0;
        Check(divides, nameof(o.RepeatPenalty), o.RepeatPenalty, "a number above 0; 1 is off");
        Check(float.IsFinite(o.PresencePenalty), nameof(o.PresencePenalty), o.PresencePenalty, "a number; 0 is off");
        Check(float.IsFinite(o.FrequencyPenalty), nameof(o.FrequencyPenalty), o.FrequencyPenalty, "a number; 0 is off");
        Check(o.MinKeep >= 0, nameof(o.MinKeep), o.MinKeep, "0 or more");
        Check(o.RepeatLastTokens >= -1, nameof(o.RepeatLastTokens), o.RepeatLastTokens, "-1 (the whole context), 0 (none) or more");
    }

    private static void Check(bool good, string name, float value, string expected)
    {
        if (!good)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; expected {expected}"));
        }
    }
}
