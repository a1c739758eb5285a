using System;
using System.Threading;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Generation;

/// <summary>
/// One sequence of a model on some backend: tokens in, logits out, rewind. It is all that generation knows of a model. Members as those of
/// <see cref="ModelSession"/> with the same names.
/// </summary>
internal interface ISequenceState
{
    /// <summary>Lets one thread at a time in, and counts changes. A step of several calls holds it.</summary>
    UseGuard Guard { get; }

    /// <summary>Logits a position has.</summary>
    int VocabularySize { get; }

    /// <summary>Most positions.</summary>
    int ContextLength { get; }

    /// <summary>Most tokens that <see cref="ForwardAll"/> takes.</summary>
    int BatchTokens { get; }

    /// <summary>Positions in use.</summary>
    int Length { get; }

    /// <summary>The tokens in use, [Length]; valid until the next call that changes the state.</summary>
    ReadOnlySpan<int> Tokens { get; }

    /// <summary>Appends tokens; logits of the last one, [vocabulary]. A cancelled call changes nothing.</summary>
    ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens, CancellationToken cancellationToken);

    /// <summary>Appends tokens; logits of every one, [tokens, vocabulary]. A cancelled call changes nothing.</summary>
    ReadOnlySpan<float> ForwardAll(ReadOnlySpan<int> tokens, CancellationToken cancellationToken);

    /// <summary>Forgets everything from position <paramref name="length"/> on.</summary>
    void Truncate(int length);

    /// <summary>Keeps the present state to return to, where that is not possible anyway.</summary>
    void TakeSnapshot();

    /// <summary>Whether <see cref="Shift"/> is possible.</summary>
    bool CanShift { get; }

    /// <summary>Drops positions [keep, keep + count) and moves the later ones down.</summary>
    void Shift(int keep, int count);
}
