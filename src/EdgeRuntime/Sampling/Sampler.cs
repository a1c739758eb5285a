using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Sampling;

namespace EdgeRuntime;

/// <summary>
/// Chooses the next token from logits: the logit processors of the caller, a list of steps in the order of llama.cpp, then a draw from its
/// own seeded generator. For one caller at a time.
/// </summary>
/// <remarks>
/// The same logits, options and seed give the same tokens on every platform and with every thread count: selection is integer arithmetic,
/// and probabilities are IEEE double arithmetic in a fixed order (<c>DeterministicMath</c>). <see cref="Sample"/> does not allocate.
/// </remarks>
/// <example>
/// <code>
/// var sampler = new Sampler(new SamplingOptions { Temperature = 0.7f, Seed = 1 }, model.VocabularySize, session.ContextLength);
/// sampler.Reset(session.Tokens);
/// int token = sampler.Sample(session.Forward(prompt));
/// sampler.Accept(token);
/// </code>
/// </example>
public sealed class Sampler : ISampler
{
    private readonly SamplingStep[] _steps;
    private readonly Candidates? _candidates;
    private readonly bool _greedy;
    private readonly int _vocabularySize;
    private readonly ISampler? _custom;
    private readonly LogProbabilities? _logProbabilities;
    private SamplingRandom _random;

    /// <param name="options">The settings of the steps.</param>
    /// <param name="vocabularySize">The number of logits per position.</param>
    /// <param name="contextLength">The meaning of -1 in <see cref="SamplingOptions.RepeatLastTokens"/>.</param>
    /// <exception cref="ArgumentException"><see cref="SamplingOptions.LogitBias"/> has a token outside of the vocabulary.</exception>
    public Sampler(SamplingOptions options, int vocabularySize, int contextLength)
        : this(options, vocabularySize, contextLength, custom: null, logProbabilities: null)
    {
    }

    /// <param name="options">The settings of the steps.</param>
    /// <param name="vocabularySize">The number of logits per position.</param>
    /// <param name="contextLength">The meaning of -1 in <see cref="SamplingOptions.RepeatLastTokens"/>.</param>
    /// <param name="custom">A sampler that chooses from the logits of the processors, instead of the steps; null for none.</param>
    /// <param name="logProbabilities">The number of most probable tokens to report for each token; null for no log probabilities.</param>
    internal Sampler(SamplingOptions options, int vocabularySize, int contextLength, ISampler? custom, int? logProbabilities)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(contextLength);
        _vocabularySize = vocabularySize;
        _custom = custom;
        _logProbabilities = logProbabilities is { } top ? new LogProbabilities(vocabularySize, top) : null;
        _greedy = custom is null && options.Temperature <= 0;
        _steps = [.. BuildSteps(options, vocabularySize, contextLength, isCustom: custom is not null)];
        if (_steps.Length > 0 || !(_greedy || custom is not null))
        {
            _candidates = new Candidates(vocabularySize);
        }

        Seed = options.Seed ?? SamplingRandom.NewSeed();
        _random = new SamplingRandom(Seed);
    }

    /// <summary>Gets the seed in use: the seed of the options, or a random one.</summary>
    public ulong Seed { get; }

    /// <summary>Lists the steps in the order in which they run.</summary>
    private static IEnumerable<SamplingStep> BuildSteps(SamplingOptions o, int vocabularySize, int contextLength, bool isCustom)
    {
        int window = o.RepeatLastTokens < 0 ? contextLength : o.RepeatLastTokens;
        bool penalized = window > 0 && (o.RepeatPenalty != 1 || o.PresencePenalty != 0 || o.FrequencyPenalty != 0);

        if (o.LogitProcessors.Count > 0) { yield return new LogitProcessing(o.LogitProcessors, contextLength); }
        if (isCustom) { yield break; }
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

        _custom?.Reset(tokens);
        _logProbabilities?.Clear();
    }

    /// <summary>Records a token that was appended.</summary>
    public void Accept(int token)
    {
        _logProbabilities?.Record(token);
        foreach (SamplingStep step in _steps)
        {
            step.Accept(token);
        }

        _custom?.Accept(token);
    }

    /// <summary>Removes the log probabilities of the earliest accepted token; null if they are not computed.</summary>
    internal TokenProbabilities? TakeLogProbabilities() => _logProbabilities?.Take();

    /// <summary>Chooses a token. Call <see cref="Accept"/> afterwards.</summary>
    /// <param name="logits">[vocabulary]; minus infinity excludes a token.</param>
    /// <exception cref="SamplingException">The logits contain NaN or infinity, or no token remains.</exception>
    public int Sample(ReadOnlySpan<float> logits)
    {
        float best = Check(logits);
        if (_custom is not null)
        {
            return SampleCustom(_custom, logits);
        }

        if (_candidates is null)
        {
            return FirstOf(logits, best);
        }

        if (_greedy)
        {
            Apply(_candidates, logits);
            best = LogitCheck.RequireBest(_candidates.Logits, "the penalties gave", "use penalties closer to their defaults");
            return FirstOf(_candidates.Logits, best);
        }

        double sum = Filter(_candidates, logits);
        return _candidates.TokenAt(_random.NextDouble() * sum);
    }

    /// <summary>Gets the distribution from which <see cref="Sample"/> would draw.</summary>
    internal void GetDistribution(ReadOnlySpan<float> logits, Distribution distribution)
    {
        // A custom sampler has made its choice: the distribution is that one token.
        if (_greedy || _custom is not null)
        {
            distribution.Resize(1);
            distribution.Ids[0] = Sample(logits);
            distribution.Probabilities[0] = 1;
        }
        else
        {
            Check(logits);
            double sum = Filter(_candidates!, logits);
            _candidates!.CopyTo(distribution, sum);
        }
    }

    /// <summary>Gets a number in [0, 1) from the generator of the sampler.</summary>
    internal double NextRandom() => _random.NextDouble();

    /// <summary>Checks the logits of the model and gets the best one.</summary>
    private float Check(ReadOnlySpan<float> logits)
    {
        if (logits.Length != _vocabularySize)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{logits.Length} logits; this sampler takes {_vocabularySize}"),
                nameof(logits));
        }

        _logProbabilities?.Load(logits);
        return LogitCheck.RequireBest(logits, "the model computed", "its weights are damaged or it overflowed");
    }

    /// <summary>Runs the steps. Afterwards the candidates have their weights.</summary>
    /// <returns>The sum of the weights.</returns>
    private double Filter(Candidates candidates, ReadOnlySpan<float> logits)
    {
        Apply(candidates, logits);
        double sum = candidates.ComputeWeights();
        return sum > 0 ? sum : throw LogitCheck.NoTokenLeft();
    }

    private void Apply(Candidates candidates, ReadOnlySpan<float> logits)
    {
        candidates.Load(logits);
        foreach (SamplingStep step in _steps)
        {
            step.Apply(candidates);
        }
    }

    private int SampleCustom(ISampler custom, ReadOnlySpan<float> logits)
    {
        if (_candidates is not null)
        {
            Apply(_candidates, logits);
            logits = _candidates.Logits;
        }

        int token = custom.Sample(logits);
        return (uint)token < (uint)_vocabularySize ? token : throw new SamplingException(string.Create(
            CultureInfo.InvariantCulture, $"the custom sampler chose token {token}; expected 0 to {_vocabularySize - 1}"));
    }

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
}
