using System;
using System.Runtime.CompilerServices;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Speculation;

namespace EdgeRuntime.Generation;

/// <summary>
/// Runs the decode loop on token ids: prefix reuse, prefill, sampling, forward passes, speculation, context shift. It does not know text or
/// stop conditions: the caller ends an answer with <see cref="End"/>. A synchronous step allocates nothing on the managed heap. For one
/// caller, who holds the guard of the state; owns nothing.
/// </summary>
/// <remarks>
/// The current token is always chosen but not yet in the state. The next call computes it. A cancelled call can therefore be repeated, and
/// the last token of an answer costs no forward pass.
/// </remarks>
internal sealed class TokenGenerator
{
    private readonly ISequenceState _state;
    private readonly Sampler _sampler;
    private readonly Speculator? _speculator;
    private readonly int[] _queue = new int[Speculator.MostDrafted + 1]; // tokens chosen ahead by speculation
    private readonly bool _shift;
    private int _queued, _taken;
    private int _keep;
    private int _remaining; // tokens that the caller may still request

    /// <param name="state">The sequence to continue.</param>
    /// <param name="sampler">A sampler for the vocabulary of the state.</param>
    /// <param name="draft">The source of drafts, or null for no speculation.</param>
    /// <param name="shift">Whether a full context is shifted.</param>
    /// <param name="clock">The clock that measures steps, to choose the length of drafts; null for the system clock.</param>
    public TokenGenerator(ISequenceState state, Sampler sampler, IDraft? draft = null, bool shift = false, TimeProvider? clock = null)
    {
        _state = state;
        _sampler = sampler;
        _shift = shift;
        _speculator = draft is null ? null : new Speculator(state, sampler, draft, clock);
    }

    /// <summary>Gets the token chosen last.</summary>
    public int Current { get; private set; }

    /// <summary>Gets the number of prompt tokens that were already in the state.</summary>
    public int CachedPromptTokens { get; private set; }

    /// <summary>Gets the number of tokens that the draft has proposed since <see cref="StartAsync"/>.</summary>
    public int DraftedTokens => _speculator?.Drafted ?? 0;

    /// <summary>Gets the number of proposed tokens that were accepted.</summary>
    public int AcceptedTokens => _speculator?.Accepted ?? 0;

    /// <summary>Gets a value indicating whether the context has room for a token after the current one.</summary>
    public bool CanContinue => _taken < _queued || _state.Length < _state.ContextLength || (_shift && _state.CanShift && ShiftCount > 0);

    /// <summary>
    /// Computes the prompt and chooses the first token. A common prefix of the prompt and the state is not computed again, except for the
    /// last token of the prompt.
    /// </summary>
    /// <param name="prompt">All tokens of the prompt, from position 0.</param>
    /// <param name="keep">The number of tokens at the start that a context shift keeps.</param>
    /// <param name="mostTokens">The greatest number of tokens that the caller will request, which limits speculation.</param>
    /// <param name="context">How the call runs. After a cancelled call, the state contains the common prefix.</param>
    /// <exception cref="ArgumentException">The prompt has no tokens; the state is unchanged.</exception>
    /// <exception cref="ContextFullException">The prompt is longer than the context; the state is unchanged.</exception>
    public async ValueTask StartAsync(int[] prompt, int keep, int mostTokens, CallContext context)
    {
        int common = Rewind(prompt);
        _keep = keep;
        _remaining = mostTokens - 1;
        await _state.ForwardAsync(prompt.AsSpan(common), 1, context).ConfigureAwait(false);
        _state.TakeSnapshot(); // another answer to this prompt, or the next turn, continues from here
        Choose(_sampler.Sample(_state.GetLogits(1)));
    }

    /// <summary>Computes the current token and chooses the next one.</summary>
    /// <param name="context">How the call runs. A cancelled call changes nothing and can be repeated.</param>
    /// <returns>False if the context is full and may not be shifted.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> MoveNextAsync(CallContext context)
    {
        if (_taken < _queued)
        {
            Current = _queue[_taken++];
            return true;
        }

        if (!CanContinue)
        {
            return false;
        }

        if (_state.Length == _state.ContextLength)
        {
            _state.Shift(_keep, ShiftCount);
        }

        _remaining--;
        if (_speculator is not null && await TrySpeculateAsync(_speculator, context).ConfigureAwait(false))
        {
            return true;
        }

        long started = _speculator?.StartPlain() ?? 0;
        await ForwardCurrentAsync(context).ConfigureAwait(false);
        Choose(_sampler.Sample(_state.GetLogits(1)));
        _speculator?.EndPlain(started);
        return true;
    }

    /// <summary>
    /// Removes positions computed ahead by speculation. The state then contains the prompt and all returned tokens except the last one.
    /// </summary>
    public void End()
    {
        int ahead = _queued - _taken;
        _queued = _taken = 0;
        if (ahead > 0)
        {
            _state.Truncate(_state.Length - ahead);
        }
    }

    /// <summary>Prepares everything for a prompt and truncates the state to the common prefix.</summary>
    /// <returns>The length of the common prefix, less than that of the prompt.</returns>
    private int Rewind(ReadOnlySpan<int> prompt)
    {
        CachedPromptTokens = 0;
        if (prompt.IsEmpty)
        {
            throw new ArgumentException("the prompt has no tokens; give at least one", nameof(prompt));
        }

        if (prompt.Length > _state.ContextLength)
        {
            throw new ContextFullException(0, prompt.Length, _state.ContextLength);
        }

        _queued = _taken = 0;
        int common = Math.Min(prompt.CommonPrefixLength(_state.Tokens), prompt.Length - 1);
        _state.Truncate(common);
        CachedPromptTokens = common;
        _sampler.Reset(prompt);
        _speculator?.Reset(prompt);
        return common;
    }

    private ValueTask ForwardCurrentAsync(CallContext context)
    {
        int current = Current;
        return _state.ForwardAsync(new ReadOnlySpan<int>(in current), 1, context);
    }

    // Half of the positions behind the kept tokens, as in llama.cpp.
    private int ShiftCount => (_state.Length - Math.Min(_keep, _state.Length)) / 2;

    private void Choose(int token)
    {
        Current = token;
        _sampler.Accept(token);
        _speculator?.Append(token);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TrySpeculateAsync(Speculator speculator, CallContext context)
    {
        int room = Math.Min(_state.ContextLength - _state.Length, _state.BatchTokens) - 1;
        int most = Math.Min(Math.Min(room, _remaining), Speculator.MostDrafted);
        _taken = 0;
        _queued = 0;
        _queued = most <= 0 ? 0 : await speculator.StepAsync(Current, _queue.AsMemory(0, most + 1), context).ConfigureAwait(false);
        if (_queued == 0)
        {
            return false;
        }

        _remaining -= _queued - 1;
        Current = _queue[_taken++];
        return true;
    }
}
