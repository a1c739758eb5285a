using System;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>
/// A runtime with one model and one sequence, as a measurement drives it. While it is paused none of its threads may use a core, so
/// that runtimes can take turns in one process. For one caller at a time; owns what it loads.
/// </summary>
internal interface IBenchRuntime : IDisposable
{
    int VocabularySize { get; }

    /// <summary>Gets the number of positions in the KV cache.</summary>
    int Length { get; }

    /// <summary>Puts the runtime's threads to sleep until the next work; returns when they sleep.</summary>
    void Pause();

    /// <summary>Removes all positions from <paramref name="length"/> on.</summary>
    void Rewind(int length);

    /// <summary>Appends at most 512 tokens and computes the logits of the last one; returns when the logits are computed.</summary>
    void Append(ReadOnlySpan<int> tokens);
}
