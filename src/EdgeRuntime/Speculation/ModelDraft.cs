using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Sampling;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Speculation;

/// <summary>
/// Proposes tokens with a smaller model and the same sampler settings as the large one (speculative sampling, arXiv 2211.17192). The
/// sequence of the draft model shares a prefix with the text; rejected tokens are truncated at the next proposal.
/// </summary>
internal sealed class ModelDraft : IDraft
{
    private readonly ISequenceState _state;
    private readonly Sampler _sampler;
    private readonly Distribution[] _distributions;
    private readonly bool _greedy;
    private int _dropped; // the number of tokens at the start of the text that do not fit into the context of the draft model

    /// <param name="state">The sequence of the smaller model; not owned.</param>
    /// <param name="options">The sampler settings of the answer.</param>
    public ModelDraft(ISequenceState state, SamplingOptions options)
    {
        _state = state;
        _greedy = options.Temperature <= 0;

        // A separate generator: the random numbers for proposals must be independent of those for acceptance. Logit processors see the
        // tokens of the answer alone, not those of proposals.
        SamplingOptions own = options with { Seed = options.Seed is { } seed ? ~seed : null, LogitProcessors = [] };
        _sampler = new Sampler(own, state.VocabularySize, state.ContextLength);
        _distributions = new Distribution[_greedy ? 0 : Speculator.MostDrafted];
        for (int i = 0; i < _distributions.Length; i++)
        {
            _distributions[i] = new Distribution();
        }
    }

    /// <inheritdoc/>
    public int Kinds => 1;

    /// <inheritdoc/>
    public bool IsRandom => !_greedy;

    /// <summary>Refuses a draft model whose tokens are not those of the model that it drafts for.</summary>
    /// <exception cref="ArgumentException">The two vocabularies differ.</exception>
    public static void RequireSameVocabulary(Tokenizer model, Tokenizer draft)
    {
        if (model.VocabularySize != draft.VocabularySize)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"the draft model has {draft.VocabularySize} tokens, the model {model.VocabularySize}; they must agree"));
        }

        for (int token = 0; !ReferenceEquals(model, draft) && token < model.VocabularySize; token++)
        {
            if (!model.GetPieceBytes(token, special: true).SequenceEqual(draft.GetPieceBytes(token, special: true)))
            {
                throw new ArgumentException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"token {token} differs between the draft model and the model; a draft needs the same vocabulary"));
            }
        }
    }

    /// <inheritdoc/>
    public int Prepare(ReadOnlySpan<int> text) => 0;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ProposeAsync(ReadOnlyMemory<int> text, Memory<int> draft, CallContext context)
    {
        using UseGuard.Scope step = _state.Guard.Enter();
        int most = Math.Min(draft.Length, _state.ContextLength / 2 - 1);
        if (most <= 0)
        {
            return 0;
        }

        await FollowAsync(text.Span, most, context).ConfigureAwait(false);
        for (int i = 0; ; i++)
        {
            int token = Choose(_state.GetLogits(1), i);
            draft.Span[i] = token;
            if (i == most - 1)
            {
                return most;
            }

            _sampler.Accept(token);
            await _state.ForwardAsync(draft.Span.Slice(i, 1), 1, context).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Distribution? DistributionOf(int index) => _greedy ? null : _distributions[index];

    private ValueTask FollowAsync(ReadOnlySpan<int> text, int room, CallContext context)
    {
        // A text longer than the context loses half a context at a time, so that it is rarely recomputed.
        if (text.Length < _dropped + 1)
        {
            _dropped = 0;
        }

        while (text.Length - _dropped + room > _state.ContextLength)
        {
            _dropped += _state.ContextLength / 2;
        }

        ReadOnlySpan<int> seen = text[_dropped..];
        int common = Math.Min(seen.CommonPrefixLength(_state.Tokens), seen.Length - 1);
        _state.Truncate(common);
        _sampler.Reset(seen);
        return _state.ForwardAsync(seen[common..], 1, context);
    }

    private int Choose(ReadOnlySpan<float> logits, int index)
    {
        if (_greedy)
        {
            return _sampler.Sample(logits);
        }

        Distribution distribution = _distributions[index];
        _sampler.GetDistribution(logits, distribution);
        return distribution.TokenAt(_sampler.NextRandom());
    }
}
