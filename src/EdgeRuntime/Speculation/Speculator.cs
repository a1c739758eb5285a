using System;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Sampling;

namespace EdgeRuntime.Speculation;

/// <summary>
/// Speculative decoding: a draft proposes tokens, one pass computes the model's logits at every position, and tokens are chosen from these
/// logits until one differs from the draft.
/// </summary>
/// <remarks>
/// A deterministic proposal d is checked by normal sampling and comparison, so a seed gives exactly the same tokens as without speculation.
/// A proposal drawn from q is accepted with probability min(1, p(d) / q(d)), and otherwise replaced by a draw from max(0, p - q),
/// normalized. The tokens then have exactly the distribution p of the model (Leviathan et al., arXiv 2211.17192, theorem in appendix A).
/// </remarks>
internal sealed class Speculator
{
    /// <summary>
    /// The maximum number of tokens in a draft: with the current token, as many as the CPU engine computes in one pass over its weights.
    /// </summary>
    public const int MostDrafted = 11;

    private readonly ISequenceState _state;
    private readonly Sampler _sampler;
    private readonly IDraft _draft;
    private readonly TimeProvider _clock;
    private readonly DraftLength _length;
    private readonly Distribution _target = new();
    private readonly double[] _proposed; // [vocabulary]: the draft's probabilities while a replacement is drawn, otherwise zero
    private readonly int[] _batch = new int[MostDrafted + 1];
    private readonly int[] _text; // the prompt and the answer, limited to the newest context length
    private int _textLength;

    public Speculator(ISequenceState state, Sampler sampler, IDraft draft, TimeProvider? clock = null)
    {
        _state = state;
        _sampler = sampler;
        _draft = draft;
        _clock = clock ?? TimeProvider.System;
        _length = new DraftLength(draft.Kinds, MostDrafted, measures: !draft.IsRandom);
        _proposed = new double[draft.IsRandom ? state.VocabularySize : 0];
        _text = new int[2 * (state.ContextLength + MostDrafted)];
    }

    /// <summary>Gets the number of tokens proposed since <see cref="Reset"/>.</summary>
    public int Drafted { get; private set; }

    /// <summary>Gets the number of proposed tokens that were accepted.</summary>
    public int Accepted { get; private set; }

    /// <summary>Resets to a new prompt. Learned acceptance rates and costs are kept.</summary>
    public void Reset(ReadOnlySpan<int> prompt)
    {
        prompt.CopyTo(_text);
        _textLength = prompt.Length;
        Drafted = Accepted = 0;
    }

    /// <summary>Appends a chosen token.</summary>
    public void Append(int token)
    {
        if (_textLength == _text.Length)
        {
            _textLength /= 2;
            _text.AsSpan(_textLength).CopyTo(_text);
        }

        _text[_textLength++] = token;
    }

    /// <summary>Drafts, checks and chooses tokens.</summary>
    /// <param name="current">The chosen token that is not in the state yet.</param>
    /// <param name="chosen">
    /// Receives the chosen tokens: the accepted tokens of the draft and one more. Its length minus 1 limits the draft.
    /// </param>
    /// <param name="context">How the call runs. A cancelled call changes nothing.</param>
    /// <returns>
    /// The number of chosen tokens; the state then contains all but the last. 0 means that nothing was done and a plain step is better.
    /// </returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> StepAsync(int current, Memory<int> chosen, CallContext context)
    {
        ReadOnlyMemory<int> text = _text.AsMemory(0, _textLength);
        int kind = _draft.Prepare(text.Span);
        int wanted = kind < 0 ? 0 : _length.Choose(kind, chosen.Length - 1);
        if (wanted == 0)
        {
            return 0;
        }

        long started = _clock.GetTimestamp();
        int drafted = await _draft.ProposeAsync(text, _batch.AsMemory(1, wanted), context).ConfigureAwait(false);
        if (drafted == 0)
        {
            return 0;
        }

        _batch[0] = current;
        int position = _state.Length;
        _state.TakeSnapshot();
        await _state.ForwardAsync(_batch.AsSpan(0, drafted + 1), drafted + 1, context).ConfigureAwait(false);
        int accepted = Check(_state.GetLogits(drafted + 1), drafted, chosen.Span);
        _state.Truncate(position + 1 + accepted);
        Drafted += drafted;
        Accepted += accepted;
        _length.Record(kind, drafted, accepted, _clock.GetElapsedTime(started).TotalSeconds);
        return accepted + 1;
    }

    /// <summary>Gets the start time of a plain step.</summary>
    public long StartPlain() => _clock.GetTimestamp();

    /// <summary>Records the cost of a plain step.</summary>
    public void EndPlain(long started) => _length.RecordPlain(_clock.GetElapsedTime(started).TotalSeconds);

    /// <returns>The number of accepted tokens; one more token is chosen.</returns>
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
