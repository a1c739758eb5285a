using System;
using System.Threading.Tasks;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Engine;

/// <summary>
/// Represents one sequence of a model to the generation code: tokens in, logits out, rewind. Members have the contracts of the members of
/// <see cref="ModelSession"/> with the same names, but expect the caller to hold <see cref="Guard"/>.
/// </summary>
internal interface ISequenceState
{
    /// <summary>Gets the guard that admits one call at a time and counts changes.</summary>
    UseGuard Guard { get; }

    /// <summary>Gets the number of logits per position.</summary>
    int VocabularySize { get; }

    /// <summary>Gets the greatest number of positions.</summary>
    int ContextLength { get; }

    /// <summary>Gets the greatest number of tokens that have logits in one call.</summary>
    int BatchTokens { get; }

    /// <summary>Gets the number of positions in use.</summary>
    int Length { get; }

    /// <summary>Gets the token ids in use, [Length]. The span is valid until the next call that changes the state.</summary>
    ReadOnlySpan<int> Tokens { get; }

    /// <summary>Appends tokens and computes logits. A cancelled call changes nothing.</summary>
    /// <param name="tokens">One or more token ids. They are copied before the method returns.</param>
    /// <param name="logitsRows">The number of last tokens whose logits are computed, 1 to <see cref="BatchTokens"/>.</param>
    /// <param name="context">How the call runs.</param>
    ValueTask ForwardAsync(ReadOnlySpan<int> tokens, int logitsRows, CallContext context);

    /// <summary>Gets the first rows of the logits that the last call computed, [rows, vocabulary], until the next call.</summary>
    ReadOnlySpan<float> GetLogits(int rows);

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
