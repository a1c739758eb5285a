using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

/// <content>The steps of an answer: one token each.</content>
public sealed partial class GenerationStream
{
    private const int Idle = 0, Stepping = 1, Ended = 2;

    private readonly GenerationPipeline _pipeline;
    private readonly int[] _prompt;
    private readonly IConversation? _conversation;
    private readonly StopMatcher _stops;
    private readonly TokenStreamDecoder _decoder;
    private readonly StringBuilder _text = new(1024);
    private readonly List<int> _ids = new(256);
    private FinishReason _reason = FinishReason.Cancelled;
    private TimeSpan _prefill, _decode, _timeToFirstToken;
    private long _started; // the timestamp of the first step
    private long _version; // of the sequence after the last step
    private int _generated, _cachedPromptTokens, _draftedTokens, _acceptedTokens;
    private int _phase;

    /// <summary>Gets the last token.</summary>
    internal GeneratedToken Current { get; private set; }

    /// <summary>Computes the next token. Returns false if the answer has ended.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<bool> StepAsync(CallContext context)
    {
        switch (Interlocked.CompareExchange(ref _phase, Stepping, Idle))
        {
            case Stepping:
                throw StepIsRunning();
            case Ended:
                return false;
        }

        bool hasToken = false;
        try
        {
            hasToken = await TryTakeAsync(context).ConfigureAwait(false);
            return hasToken;
        }
        finally
        {
            bool ends = !hasToken || Current.IsLast;
            Volatile.Write(ref _phase, ends ? Ended : Idle);
            if (ends)
            {
                Finish();
            }
        }
    }

    /// <summary>Ends the answer if it has not ended yet.</summary>
    internal void End()
    {
        switch (Interlocked.CompareExchange(ref _phase, Ended, Idle))
        {
            case Stepping:
                throw StepIsRunning();
            case Idle:
                Finish();
                break;
        }
    }

    private static InvalidOperationException StepIsRunning() =>
        new("a step of this answer is still running; end or await it before the next call");

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> TryTakeAsync(CallContext context)
    {
        using UseGuard.Scope step = _pipeline.State.Guard.Enter(_conversation);
        if (_started == 0)
        {
            _started = Stopwatch.GetTimestamp();
            _conversation?.Begin();
        }
        else if (_version != _pipeline.State.Guard.Version)
        {
            throw new InvalidOperationException(
                "the session was used for something else since this answer's last token; start the answer again");
        }

        try
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            await AdvanceAsync(context).ConfigureAwait(false);
            return TryTake();
        }
        finally
        {
            _version = _pipeline.State.Guard.Version;
            _cachedPromptTokens = _pipeline.Tokens.CachedPromptTokens;
            _draftedTokens = _pipeline.Tokens.DraftedTokens;
            _acceptedTokens = _pipeline.Tokens.AcceptedTokens;
        }
    }

    /// <summary>Computes the prompt at the first call, and one token at each later call.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AdvanceAsync(CallContext context)
    {
        long started = Stopwatch.GetTimestamp();
        if (_generated == 0)
        {
            int most = _pipeline.Options.MaxTokens ?? int.MaxValue;
            await _pipeline.Tokens.StartAsync(_prompt, _pipeline.KeptBy(_prompt), most, context).ConfigureAwait(false);
            _prefill = Stopwatch.GetElapsedTime(started);
        }
        else
        {
            await _pipeline.Tokens.MoveNextAsync(context).ConfigureAwait(false);
            _decode += Stopwatch.GetElapsedTime(started);
        }
    }

    /// <summary>Decodes the computed token. Returns false if the answer may have no token.</summary>
    private bool TryTake()
    {
        if (_pipeline.Options.MaxTokens == 0)
        {
            _reason = FinishReason.Length;
            return false;
        }

        if (_generated == 0)
        {
            _timeToFirstToken = Stopwatch.GetElapsedTime(_started);
        }

        _generated++;
        Current = Take(_pipeline.Tokens.Current);
        if (_pipeline.TakeLogProbabilities() is { } probabilities)
        {
            Current = Current with { LogProbability = probabilities.Chosen, TopLogProbabilities = probabilities.Top };
        }

        _text.Append(Current.Text);
        return true;
    }

    /// <summary>Decodes a token and decides whether the answer ends with it.</summary>
    private GeneratedToken Take(int id)
    {
        if (_pipeline.Tokenizer.IsEndOfGeneration(id))
        {
            return Last(FinishReason.Stop, id, Flush());
        }

        _ids.Add(id);
        string text = _stops.Append(_decoder.Append(id));
        if (_stops.Found is not null)
        {
            return Last(FinishReason.StopSequence, id, text);
        }

        if (_generated == _pipeline.Options.MaxTokens)
        {
            return Last(FinishReason.Length, id, text + Flush());
        }

        if (!_pipeline.Tokens.CanContinue)
        {
            ModelLog.ContextFull(_pipeline.Logger, _generated, _pipeline.State.ContextLength);
            return Last(FinishReason.ContextFull, id, text + Flush());
        }

        return new GeneratedToken(id, text, IsLast: false);
    }

    private GeneratedToken Last(FinishReason reason, int id, string text)
    {
        _reason = reason;
        return new GeneratedToken(id, text, IsLast: true);
    }

    private string Flush() => _stops.Append(_decoder.Flush()) + _stops.Flush();

    private void Finish()
    {
        if (_reason == FinishReason.Cancelled)
        {
            _text.Append(Flush());
        }

        Result = CreateResult();
        if (_started == 0)
        {
            return;
        }

        using (UseGuard.Scope call = _pipeline.State.Guard.TryEnter(_conversation))
        {
            if (call.IsEntered && _version == _pipeline.State.Guard.Version)
            {
                _pipeline.Tokens.End();
            }
        }

        _conversation?.End(Result, CollectionsMarshal.AsSpan(_ids));
    }

    private GenerationResult CreateResult() => new()
    {
        Text = _text.ToString(),
        FinishReason = _reason,
        StopSequence = _stops.Found,
        Usage = new GenerationUsage
        {
            PromptTokens = _prompt.Length,
            CachedPromptTokens = _cachedPromptTokens,
            GeneratedTokens = _generated,
            DraftedTokens = _draftedTokens,
            AcceptedTokens = _acceptedTokens,
        },
        Timings = new GenerationTimings
        {
            Prefill = _prefill,
            Decode = _decode,
            TimeToFirstToken = _timeToFirstToken,
            PrefillTokensPerSecond = Rate(_prompt.Length - _cachedPromptTokens, _prefill),
            DecodeTokensPerSecond = Rate(_generated - 1, _decode),
        },
        Seed = _pipeline.Seed,
    };

    private static double Rate(int tokens, TimeSpan time) => time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
