using System;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>
/// A runtime with one model and one sequence, as a measurement drives it. While it is paused none of its threads may use a core, so
/// that runtimes can take turns in one process. For one caller at a time; owns what it loads.
/// </summary>
internal interface IBenchRuntime : IDisposable
{
    int VocabularySize { get; }

    /// <summary>Positions in the KV cache.</summary>
    int Length { get; }

    /// <summary>Puts its threads to sleep until the next work; returns when they are.</summary>
    void Pause();

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    void Rewind(int length);

    /// <summary>Appends tokens, at most 512 at once, and computes the logits of the last one; returns when they are there.</summary>
    void Append(ReadOnlySpan<int> tokens);
}
