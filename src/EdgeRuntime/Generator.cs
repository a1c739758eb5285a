using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Sampling;
using EdgeRuntime.Speculation;
using EdgeRuntime.Threading;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime;

/// <summary>Generates answers in a session, token by token, with text, stop strings and statistics.</summary>
/// <remarks>
/// <para>Use one generator for all answers of a conversation: it reuses its buffers, and its random generator continues. A generator owns
/// nothing.</para>
/// <para>A generator produces one answer at a time. A new answer ends the previous one, whose next step throws
/// <see cref="InvalidOperationException"/>. A step also throws this exception while another thread uses the session. The caller may stop an
/// enumeration at any step; the session remains usable.</para>
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

    /// <summary>Initializes a generator for a session.</summary>
    /// <param name="session">The session. A common prefix of a new prompt and the KV cache is not computed again.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of range or contradicts another one, or the draft model has another vocabulary.
    /// </exception>
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
        _stops = new StopMatcher(options.StopSequences);
        Sampler = new Sampler(options, state.VocabularySize, state.ContextLength);
        _tokens = new TokenGenerator(state, Sampler, draft, options.ContextShift);
    }

    /// <summary>Gets the sampler. Use its seed to repeat an answer.</summary>
    public Sampler Sampler { get; }

    /// <summary>Gets the statistics of the last answer, or null before the end of the first one.</summary>
    public GenerationResult? Result { get; private set; }

    /// <summary>Generates the answer to a prompt. The sequence is lazy: each step of the enumeration computes a token.</summary>
    /// <param name="prompt">The token ids of the whole prompt from position 0, including those of earlier turns.</param>
    /// <param name="cancellationToken">
    /// Ends the enumeration with <see cref="StopReason.Cancelled"/> within a token, also during prefill. The session remains usable.
    /// </param>
    /// <returns>The tokens of the answer. <see cref="Result"/> is set at the end of the enumeration.</returns>
    /// <exception cref="ContextFullException">The prompt is longer than the context.</exception>
    /// <exception cref="ArgumentException">The prompt has no tokens.</exception>
    /// <exception cref="UnsupportedModelException">The tokenizer of the model is not supported.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another thread uses the session, or other code has used it since the last step.
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

    /// <summary>Computes and decodes the next token, under the session's guard. Returns null if there is no next token.</summary>
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

    /// <summary>Decodes the current token and decides whether the answer ends with it.</summary>
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

    /// <summary>Computes the prompt at the first call, and one token at each later call. Returns false if cancelled.</summary>
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
        if (options?.DraftSession is not { } draft)
        {
            return options?.NgramDraft == true ? new NgramDraft() : null;
        }

        if (options.NgramDraft)
        {
            throw new ArgumentException("NgramDraft and DraftSession are both set; choose one way of drafting");
        }

        if (ReferenceEquals(session, draft))
        {
            throw new ArgumentException("DraftSession is the session itself; give one of its own, of a smaller model");
        }

        ModelDraft.RequireSameVocabulary(session.Model.Tokenizer, draft.Model.Tokenizer);
        return new ModelDraft(draft, options);
    }
}
