using System;
using System.Threading;
using EdgeRuntime.Generation;
using EdgeRuntime.Sampling;

namespace EdgeRuntime.Speculation;

/// <summary>
/// Speculative decoding: a draft proposes tokens, one pass over all of them gives the model's logits at every position, and tokens are
/// chosen from those until one differs from the draft.
/// </summary>
/// <remarks>
/// A certain proposal d is checked by sampling as always and comparing: a seed gives the very tokens that it gives without speculation. A
/// proposal drawn from q is accepted with probability min(1, p(d) / q(d)), and otherwise replaced by a draw from max(0, p - q), normalized:
/// the tokens then have the model's distribution p exactly (Leviathan et al., arXiv 2211.17192, theorem in appendix A).
/// </remarks>
internal sealed class Speculator
{
    private readonly ISequenceState _state;
    private readonly Sampler _sampler;
    private readonly IDraft _draft;
    private readonly TimeProvider _clock;
    private readonly DraftLength _length;
    private readonly Distribution _target = new();
    private readonly double[] _proposed; // [vocabulary]: the draft's probabilities while a replacement is drawn, zero otherwise
    private readonly int[] _batch = new int[TokenGenerator.MostDrafted + 1];
    private readonly int[] _text; // prompt and answer; only the newest context length of it
    private int _textLength;

    public Speculator(ISequenceState state, Sampler sampler, IDraft draft, TimeProvider? clock = null)
    {
        _state = state;
        _sampler = sampler;
        _draft = draft;
        _clock = clock ?? TimeProvider.System;
        _length = new DraftLength(draft.Kinds, TokenGenerator.MostDrafted, measures: !draft.IsRandom);
        _proposed = new double[draft.IsRandom ? state.VocabularySize : 0];
        _text = new int[2 * (state.ContextLength + TokenGenerator.MostDrafted)];
    }

    /// <summary>Tokens proposed since <see cref="Reset"/>.</summary>
    public int Drafted { get; private set; }

    /// <summary>Proposed tokens that were accepted.</summary>
    public int Accepted { get; private set; }

    /// <summary>Starts anew behind a prompt. What was learned about acceptance and costs stays.</summary>
    public void Reset(ReadOnlySpan<int> prompt)
    {
        prompt.CopyTo(_text);
        _textLength = prompt.Length;
        Drafted = Accepted = 0;
    }

    /// <summary>Hears of a chosen token.</summary>
    public void Append(int token)
    {
        if (_textLength == _text.Length)
        {
            _textLength /= 2;
            _text.AsSpan(_textLength).CopyTo(_text);
        }

        _text[_textLength++] = token;
    }

    /// <summary>Drafts, checks and chooses.</summary>
    /// <param name="current">The token that is chosen but not yet in the state.</param>
    /// <param name="chosen">
    /// Receives the tokens chosen, one more than the draft's accepted ones; its length less 1 bounds the draft.
    /// </param>
    /// <param name="cancellationToken">When it stops the call, nothing has changed.</param>
    /// <returns>
    /// Number of tokens chosen; the state then holds all but the last. 0: nothing was done, and a plain step is the better thing.
    /// </returns>
    public int Step(int current, Span<int> chosen, CancellationToken cancellationToken)
    {
        ReadOnlySpan<int> text = _text.AsSpan(0, _textLength);
        int kind = _draft.Prepare(text);
        int wanted = kind < 0 ? 0 : _length.Choose(kind, chosen.Length - 1);
        if (wanted == 0)
        {
            return 0;
        }

        long started = _clock.GetTimestamp();
        int drafted = _draft.Propose(text, _batch.AsSpan(1, wanted), cancellationToken);
        if (drafted == 0)
        {
            return 0;
        }

        _batch[0] = current;
        int position = _state.Length;
        _state.TakeSnapshot();
        ReadOnlySpan<float> logits = _state.ForwardAll(_batch.AsSpan(0, drafted + 1), cancellationToken);
        int accepted = Check(logits, drafted, chosen);
        _state.Truncate(position + 1 + accepted);
        Drafted += drafted;
        Accepted += accepted;
        _length.Record(kind, drafted, accepted, _clock.GetElapsedTime(started).TotalSeconds);
        return accepted + 1;
    }

    /// <summary>Notes when a plain step begins.</summary>
    public long StartPlain() => _clock.GetTimestamp();

    /// <summary>Learns what the plain step cost.</summary>
    public void EndPlain(long started) => _length.RecordPlain(_clock.GetElapsedTime(started).TotalSeconds);

    /// <returns>Number of accepted tokens; one more is chosen.</returns>
    private int Check(ReadOnlySpan<float> logits, int drafted, Span<int> chosen)
    {
        for (int accepted = 0; ; accepted++)
        {
            ReadOnlySpan<float> row = logits.Slice(accepted * _state.VocabularySize, _state.VocabularySize);
            Distribution? proposal = accepted < drafted ? _draft.DistributionOf(accepted) : null;
            int token = proposal is null ? _sampler.Sample(row) : AcceptOrReplace(row, _batch[accepted + 1], proposal);
            _sampler.Accept(token);
            Append(token);
            chosen[accepted] = token;
            if (accepted == drafted || token != _batch[accepted + 1])
            {
                return accepted;
            }
        }
    }

    private int AcceptOrReplace(ReadOnlySpan<float> logits, int token, Distribution proposal)
    {
        _sampler.GetDistribution(logits, _target);
        if (_sampler.NextRandom() * proposal.Of(token) < _target.Of(token))
        {
            return token;
        }

        Span<int> ids = proposal.Ids;
        for (int i = 0; i < ids.Length; i++)
        {
            _proposed[ids[i]] = proposal.Probabilities[i];
        }

        double sum = 0;
        for (int i = 0; i < _target.Count; i++)
        {
            double residue = Math.Max(0, _target.Probabilities[i] - _proposed[_target.Ids[i]]);
            _target.Probabilities[i] = residue;
            sum += residue;
        }

        foreach (int id in ids)
        {
            _proposed[id] = 0;
        }

        return _target.TokenAt(_sampler.NextRandom() * sum);
    }
}
