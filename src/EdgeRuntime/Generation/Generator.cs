using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using EdgeRuntime.Generation;
using EdgeRuntime.Speculation;
using EdgeRuntime.Threading;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime;

/// <summary>
/// Generates answers in a session, token by token, with text, stop strings and a result. Keep one for all answers of a conversation: its
/// buffers are reused and its random generator goes on. Owns nothing.
/// </summary>
/// <remarks>
/// For one answer at a time: a new one ends the last one, whose next step throws <see cref="InvalidOperationException"/>, as does a step
/// while another thread uses the session. An enumeration that is given up in the middle locks nothing.
/// </remarks>
public sealed class Generator
{
    private readonly ISequenceState _state;
    private readonly Tokenizer _tokenizer;
    private readonly TokenGenerator _tokens;
    private readonly StopMatcher _stops;
    private readonly GenerationOptions _options;
    private int _answer; // counts the answers
    private int _promptTokens, _generated;
    private double _prefillSeconds, _decodeSeconds;

    /// <param name="session">Its KV cache is continued; what a new prompt has in common with it is not computed again.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting makes no sense, or the draft's vocabulary is another one.</exception>
    public Generator(ModelSession session, GenerationOptions? options = null)
        : this(session, session?.Model.Tokenizer!, options ?? new(), CreateDraft(session!, options))
    {
    }

    internal Generator(ISequenceState state, Tokenizer tokenizer, GenerationOptions options, IDraft? draft = null)
    {
        if (options.MaxTokens < 0)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"MaxTokens is {options.MaxTokens}; expected 0 or more, or null for no limit"),
                nameof(options));
        }

        _state = state;
        _tokenizer = tokenizer;
        _options = options;
        _stops = new StopMatcher(options.Stop);
        Sampler = new Sampler(options, state.VocabularySize, state.ContextLength);
        _tokens = new TokenGenerator(state, Sampler, draft, options.ContextShift);
    }

    /// <summary>The sampler; its seed is what to repeat an answer with.</summary>
    public Sampler Sampler { get; }

    /// <summary>What the last answer was and cost; null before the first has ended.</summary>
    public GenerationResult? Result { get; private set; }

    /// <summary>
    /// Generates an answer to a prompt, lazily: each step of the enumeration computes a token. Cancelling ends the enumeration
    /// (<see cref="StopReason.Cancelled"/>) within the token, also during prefill, and the session stays usable. <see cref="Result"/> is
    /// set at the end.
    /// </summary>
    /// <param name="prompt">All tokens from position 0 on, those of earlier turns included.</param>
    /// <param name="cancellationToken">Ends the answer.</param>
    /// <exception cref="ContextFullException">The prompt is longer than the context.</exception>
    /// <exception cref="ArgumentException">The prompt has no tokens.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another thread uses the session, or somebody has used it since the last step.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public IEnumerable<GeneratedToken> Generate(IReadOnlyList<int> prompt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return Run([.. prompt], cancellationToken);
    }

    private IEnumerable<GeneratedToken> Run(int[] prompt, CancellationToken cancellationToken)
    {
        StopReason reason = StopReason.Cancelled;
        TokenStreamDecoder decoder = _tokenizer.CreateStreamDecoder(continuesText: true);
        int answer = Begin(prompt.Length);
        try
        {
            while (Step(answer, prompt, decoder, ref reason, cancellationToken) is { } token)
            {
                yield return token;
                if (token.IsLast)
                {
                    yield break;
                }
            }
        }
        finally
        {
            if (answer == _answer)
            {
                _tokens.End();
                Result = CreateResult(reason);
            }
        }
    }

    private int Begin(int promptTokens)
    {
        using UseGuard.Scope step = _state.Guard.Enter();
        Reset(promptTokens);
        return ++_answer;
    }

    /// <summary>Computes and decodes the next token; null where there is none. No other thread gets in between.</summary>
    private GeneratedToken? Step(
        int answer, int[] prompt, TokenStreamDecoder decoder, ref StopReason reason, CancellationToken cancellationToken)
    {
        using UseGuard.Scope step = _state.Guard.Enter();
        if (answer != _answer)
        {
            throw new InvalidOperationException(
                "the generator has begun another answer since this one's last token; end one before the next");
        }

        if (!TryAdvance(prompt, cancellationToken))
        {
            string rest = Finish(decoder);
            return rest.Length > 0 ? new GeneratedToken(-1, rest, true) : null;
        }

        if (_options.MaxTokens == 0)
        {
            reason = StopReason.MaxTokens;
            return null;
        }

        return Take(decoder, ref reason);
    }

    /// <summary>Text of the current token, and whether the answer ends with it.</summary>
    private GeneratedToken Take(TokenStreamDecoder decoder, ref StopReason reason)
    {
        _generated++;
        int id = _tokens.Current;
        if (_tokenizer.IsEndOfGeneration(id))
        {
            reason = StopReason.EndOfGeneration;
            return new GeneratedToken(id, Finish(decoder), true);
        }

        string text = _stops.Append(decoder.Append(id));
        if (_stops.Found is not null)
        {
            reason = StopReason.StopText;
            return new GeneratedToken(id, text, true);
        }

        if (_generated == _options.MaxTokens || !_tokens.CanContinue)
        {
            reason = _generated == _options.MaxTokens ? StopReason.MaxTokens : StopReason.ContextFull;
            return new GeneratedToken(id, text + Finish(decoder), true);
        }

        return new GeneratedToken(id, text, false);
    }

    private string Finish(TokenStreamDecoder decoder) => _stops.Append(decoder.Flush()) + _stops.Flush();

    /// <summary>Prefill at first, then one token. False when cancelled.</summary>
    private bool TryAdvance(int[] prompt, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_generated == 0)
            {
                _tokens.Start(prompt, KeptBy(prompt), _options.MaxTokens ?? int.MaxValue, cancellationToken);
                _prefillSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            }
            else
            {
                _tokens.MoveNext(cancellationToken);
                _decodeSeconds += Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private int KeptBy(int[] prompt)
    {
        int begin = prompt.Length > 0 && prompt[0] == _tokenizer.BeginOfSequence ? 1 : 0;
        return _options.KeepTokens < 0 ? prompt.Length : Math.Min(prompt.Length, _options.KeepTokens + begin);
    }

    private void Reset(int promptTokens)
    {
        Result = null;
        _stops.Reset();
        _promptTokens = promptTokens;
        _generated = 0;
        _prefillSeconds = _decodeSeconds = 0;
    }

    private GenerationResult CreateResult(StopReason reason) => new()
    {
        StopReason = reason,
        StopText = reason == StopReason.StopText ? _stops.Found : null,
        PromptTokens = _promptTokens,
        CachedPromptTokens = _tokens.CachedPromptTokens,
        GeneratedTokens = _generated,
        PrefillSeconds = _prefillSeconds,
        DecodeSeconds = _decodeSeconds,
        TimeToFirstTokenSeconds = _prefillSeconds,
        DraftedTokens = _tokens.DraftedTokens,
        AcceptedTokens = _tokens.AcceptedTokens,
    };

    private static IDraft? CreateDraft(ModelSession session, GenerationOptions? options)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (options?.DraftSession is { } draft)
        {
            if (options.NgramDraft)
            {
                throw new ArgumentException("NgramDraft and DraftSession are both set; choose one way of drafting");
            }

            return ModelDraft.Create(session, draft, options);
        }

        return options?.NgramDraft == true ? new NgramDraft() : null;
    }
}
