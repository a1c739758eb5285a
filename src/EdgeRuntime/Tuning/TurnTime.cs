using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Tuning;

/// <summary>The seconds of a short prompt and of each token of the answer on an engine.</summary>
/// <param name="Prompt">The seconds of the prompt; 0 without one.</param>
/// <param name="Token">The seconds of a decoded token.</param>
internal readonly record struct TurnTime(double Prompt, double Token)
{
    /// <summary>Measures some rounds and takes the least of each time: what the engine can do without other load.</summary>
    /// <inheritdoc cref="MeasureRounds" path="/param"/>
    public static TurnTime Measure(
        IEngine engine, int promptTokens, int answerTokens, int rounds, CancellationToken cancellationToken)
    {
        TurnTime[] times = MeasureRounds(engine, promptTokens, answerTokens, rounds, cancellationToken);
        return new TurnTime(times.Min(static time => time.Prompt), times.Min(static time => time.Token));
    }

    /// <summary>Measures some rounds. One more round warms up: it compiles shapes and fills caches.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="promptTokens">The number of tokens of the prompt; 0 to decode from an empty state.</param>
    /// <param name="answerTokens">The number of decoded tokens.</param>
    /// <param name="rounds">The number of rounds.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
    public static TurnTime[] MeasureRounds(
        IEngine engine, int promptTokens, int answerTokens, int rounds, CancellationToken cancellationToken)
    {
        engine.Prepare(cancellationToken);
        promptTokens = Math.Min(promptTokens, engine.ContextLength / 2);
        answerTokens = Math.Min(answerTokens, engine.ContextLength - promptTokens);
        using IEngineState state = engine.CreateState(new EngineStateOptions
        {
            Capacity = promptTokens + answerTokens,
            BatchTokens = Math.Max(1, promptTokens),
        });
        int[] tokens = new int[state.Capacity];
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = i % engine.VocabularySize;
        }

        float[] logits = GC.AllocateUninitializedArray<float>(engine.VocabularySize, pinned: true);
        var times = new TurnTime[rounds];
        for (int round = 0; round <= rounds; round++)
        {
            state.Truncate(0);
            long started = Stopwatch.GetTimestamp();
            Append(promptTokens);
            double prompt = Stopwatch.GetElapsedTime(started).TotalSeconds;
            started = Stopwatch.GetTimestamp();
            for (int i = 0; i < answerTokens; i++)
            {
                Append(1);
            }

            double token = Stopwatch.GetElapsedTime(started).TotalSeconds / answerTokens;
            if (round > 0)
            {
                times[round - 1] = new TurnTime(prompt, token);
            }
        }

        return times;

        void Append(int count)
        {
            if (count > 0)
            {
                engine.Run([new BatchSlice(state, tokens.AsMemory(state.Length, count), 1, logits)], cancellationToken);
            }
        }
    }
}
