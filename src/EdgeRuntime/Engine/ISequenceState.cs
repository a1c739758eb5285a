using System;
using System.Threading;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Engine;

/// <summary>
/// Represents one sequence of a model to the generation code: tokens in, logits out, rewind. Members have the contracts of the members of
/// <see cref="ModelSession"/> with the same names.
/// </summary>
internal interface ISequenceState
{
    /// <summary>Gets the guard that admits one thread at a time and counts changes. A step with several calls holds it.</summary>
    UseGuard Guard { get; }

    /// <summary>Gets the number of logits per position.</summary>
    int VocabularySize { get; }

    /// <summary>Gets the greatest number of positions.</summary>
    int ContextLength { get; }

    /// <summary>Gets the greatest number of tokens that <see cref="ForwardAll"/> accepts.</summary>
    int BatchTokens { get; }

    /// <summary>Gets the number of positions in use.</summary>
    int Length { get; }

    /// <summary>Gets the token ids in use, [Length]. The span is valid until the next call that changes the state.</summary>
    ReadOnlySpan<int> Tokens { get; }

    /// <summary>Appends tokens and returns the logits of the last one, [vocabulary]. A cancelled call changes nothing.</summary>
    ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens, CancellationToken cancellationToken);

    /// <summary>Appends tokens and returns the logits of every one, [tokens, vocabulary]. A cancelled call changes nothing.</summary>
    ReadOnlySpan<float> ForwardAll(ReadOnlySpan<int> tokens, CancellationToken cancellationToken);

    /// <summary>Removes all positions from <paramref name="length"/> on.</summary>
    void Truncate(int length);

    /// <summary>
    /// Saves the current state, so that <see cref="Truncate"/> can return to it. Does nothing if it can return to any length.
    /// </summary>
    void TakeSnapshot();

    /// <summary>Gets a value indicating whether <see cref="Shift"/> is possible.</summary>
    bool CanShift { get; }

    /// <summary>Removes positions [keep, keep + count) and moves the later ones down.</summary>
    void Shift(int keep, int count);
}
