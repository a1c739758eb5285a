using System;
using System.Threading;

namespace EdgeRuntime.Engine;

/// <summary>
/// Computes one model: token ids of any number of sequences in, logits or hidden states out. It knows no text. Sessions, generation,
/// speculation and servers know a model through this interface alone.
/// </summary>
/// <remarks>
/// <para>Thread safety: every member may be called from any thread at any time. Calls of <see cref="Run"/> that overlap run one after the
/// other; a state takes part in at most one call at a time, and a caller that breaks this rule gets an
/// <see cref="InvalidOperationException"/> or wrong numbers, never memory that was freed.</para>
/// <para>Ownership: the engine owns weights and scratch memory. It does not own the states it creates, and lives until it and all of them
/// are
/// disposed. Disposing an engine or a state that is already disposed does nothing.</para>
/// <para>Mutation: <see cref="Run"/> changes the states that the batch names and nothing else. Tokens are only read during the call;
/// outputs
/// are written before it returns and never later.</para>
/// </remarks>
public interface IEngine : IDisposable
{
    /// <summary>What computes, in a word or two for people: "CPU (avx2)".</summary>
    string Name { get; }

    /// <summary>Threads of this process that compute.</summary>
    int Threads { get; }

    /// <summary>Bytes of weights in memory.</summary>
    long WeightBytes { get; }

    /// <summary>Logits of a position.</summary>
    int VocabularySize { get; }

    /// <summary>Elements of a position's hidden state.</summary>
    int HiddenSize { get; }

    /// <summary>Positions that the model was trained for.</summary>
    int ContextLength { get; }

    /// <summary>Creates the state of a new, empty sequence. The caller owns it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A capacity or batch of less than one token.</exception>
    /// <exception cref="OutOfMemoryException">The system has no memory of the size that the capacity needs.</exception>
    IEngineState CreateState(EngineStateOptions options);

    /// <summary>Appends tokens to one or more sequences and computes the rows that are asked for.</summary>
    /// <param name="batch">One slice a sequence; no sequence twice.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="OperationCanceledException">Cancelled. No state has changed, here and with every other exception.</exception>
    /// <exception cref="NonFiniteException">The pass did not give finite numbers; the message names the place where that began.</exception>
    /// <exception cref="ContextFullException">A slice has more tokens than its state has room for.</exception>
    /// <exception cref="ArgumentException">A state of another engine, an empty slice, or an output of the wrong size.</exception>
    void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default);
}

/// <summary>What the computed positions of one sequence are to an engine: a KV cache, recurrent state, or both.</summary>
/// <remarks>For one caller at a time. The caller disposes it, before or after its engine.</remarks>
public interface IEngineState : IDisposable
{
    /// <summary>Most positions.</summary>
    int Capacity { get; }

    /// <summary>Positions that are computed.</summary>
    int Length { get; }

    /// <summary>Bytes at full length; an implementation may commit them as positions are used.</summary>
    long ByteSize { get; }

    /// <summary>What the state can do besides appending.</summary>
    StateAbilities Abilities { get; }

    /// <summary>Forgets positions from <paramref name="length"/> on, or from an earlier position where the state can't return to that
    /// length.</summary>
    /// <param name="length">0 to <see cref="Length"/>.</param>
    /// <returns>
    /// The new length: <paramref name="length"/> with <see cref="StateAbilities.Truncate"/>, else the greatest up to it that can be
    /// returned to.
    /// </returns>
    int Truncate(int length);

    /// <summary>Keeps a copy of the present state to return to; does nothing where any length can be returned to.</summary>
    void TakeSnapshot();

    /// <summary>Drops positions [keep, keep + count) and moves the later ones down.</summary>
    /// <exception cref="NotSupportedException">Without <see cref="StateAbilities.Shift"/>.</exception>
    void Shift(int keep, int count);
}

/// <summary>What a sequence's state can do besides appending.</summary>
[Flags]
public enum StateAbilities
{
    /// <summary>It can only be appended to and emptied.</summary>
    None = 0,

    /// <summary>It can return to any earlier length.</summary>
    Truncate = 1,

    /// <summary>It can return to the lengths at which snapshots were taken.</summary>
    Snapshots = 2,

    /// <summary>It can drop positions from its middle.</summary>
    Shift = 4,

    /// <summary>It can return to earlier lengths as long as its windows still hold what these need.</summary>
    TruncateNear = 8,
}

/// <summary>How a sequence's state is kept.</summary>
public sealed record EngineStateOptions
{
    /// <summary>Most positions.</summary>
    public required int Capacity { get; init; }

    /// <summary>Most tokens that one <see cref="BatchSlice"/> will append.</summary>
    public required int BatchTokens { get; init; }

    /// <summary>Number format of cached keys.</summary>
    public KvCacheType KeyType { get; init; } = KvCacheType.F16;

    /// <summary>Number format of cached values.</summary>
    public KvCacheType ValueType { get; init; } = KvCacheType.F16;
}
