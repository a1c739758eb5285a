using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeRuntime.Engine;

/// <summary>What an engine keeps of one sequence's computed positions: a KV cache, recurrent state, or both.</summary>
/// <remarks>For one caller at a time. The caller disposes the state, before or after its engine.</remarks>
public interface IEngineState : IDisposable
{
    /// <summary>Gets the largest number of positions.</summary>
    int Capacity { get; }

    /// <summary>Gets the number of computed positions. <see cref="IEngine.Run"/> appends to them.</summary>
    int Length { get; }

    /// <summary>Gets the bytes of memory at full length; an implementation may commit them as positions are used.</summary>
    long ByteSize { get; }

    /// <summary>Gets what the state can do besides being appended to and emptied.</summary>
    StateAbilities Abilities { get; }

    /// <summary>
    /// Gets the greatest length, at most <paramref name="length"/>, that <see cref="Truncate"/> can return to: <paramref name="length"/>
    /// itself with <see cref="StateAbilities.Truncate"/>, else perhaps that of a snapshot, and 0 where there is no other.
    /// </summary>
    /// <param name="length">0 to <see cref="Length"/>.</param>
    int NearestLength(int length);

    /// <summary>Forgets all positions from <paramref name="length"/> on.</summary>
    /// <param name="length">A length that <see cref="NearestLength"/> gives.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">The state can't return to that length; it is unchanged.</exception>
    void Truncate(int length);

    /// <summary>
    /// Keeps a copy of the present state, which replaces the last one and which <see cref="Truncate"/> can return to. Has no effect without
    /// <see cref="StateAbilities.Snapshots"/>.
    /// </summary>
    void TakeSnapshot();

    /// <summary>Gets the adapters that the sequence is computed with.</summary>
    IReadOnlyList<AdapterScale> Adapters => [];

    /// <summary>Replaces the adapters that the sequence is computed with. Only while the state is empty.</summary>
    /// <param name="adapters">Adapters of the same engine, each at most once; none for the model itself. They are copied.</param>
    /// <exception cref="ArgumentException">An adapter of another engine, or one twice.</exception>
    /// <exception cref="InvalidOperationException">The state has positions.</exception>
    /// <exception cref="NotSupportedException">The engine has no adapters.</exception>
    void UseAdapters(ReadOnlySpan<AdapterScale> adapters) => throw new NotSupportedException("the engine has no LoRA adapters");

    /// <summary>Drops the positions [keep, keep + count) and moves the later ones down.</summary>
    /// <param name="keep">Number of positions at the start that stay.</param>
    /// <param name="count">Number of positions to drop.</param>
    /// <exception cref="NotSupportedException">Without <see cref="StateAbilities.Shift"/>.</exception>
    void Shift(int keep, int count);

    /// <summary>Becomes a copy of the first positions of another state. What this state held before is gone.</summary>
    /// <param name="source">A state of the same engine with the same number formats and adapters; unchanged.</param>
    /// <param name="length">A length that the source's <see cref="NearestLength"/> gives; at most <see cref="Capacity"/>.</param>
    /// <exception cref="ArgumentException">A state that this one can't be a copy of, or a length that it can't have.</exception>
    /// <exception cref="NotSupportedException">Without <see cref="StateAbilities.Copy"/>.</exception>
    void CopyFrom(IEngineState source, int length);

    /// <summary>
    /// Writes all positions to a stream. Adapters are not written: the state that reads them back must use the same ones.
    /// </summary>
    /// <param name="destination">Where to write; stays open.</param>
    /// <exception cref="IOException">The stream can't be written.</exception>
    /// <exception cref="NotSupportedException">Without <see cref="StateAbilities.Save"/>.</exception>
    void Save(Stream destination);

    /// <summary>
    /// Replaces all positions with those that <see cref="Save"/> wrote. The bytes are checked: kind, sizes, number formats, length and
    /// content. After an exception the state is empty.
    /// </summary>
    /// <param name="source">Where to read; stays open, behind the last byte of the saved state.</param>
    /// <exception cref="InvalidDataException">
    /// The bytes are damaged, or come from a state of another model, with other number formats, or with more positions than fit. The
    /// message says what was found and what was expected.
    /// </exception>
    /// <exception cref="IOException">The stream can't be read.</exception>
    /// <exception cref="NotSupportedException">Without <see cref="StateAbilities.Save"/>.</exception>
    void Load(Stream source);
}

/// <summary>What a sequence's state can do besides being appended to and emptied, and whether it can be appended to at all.</summary>
[Flags]
public enum StateAbilities
{
    /// <summary>Nothing else.</summary>
    None = 0,

    /// <summary>The state can return to any earlier length.</summary>
    Truncate = 1,

    /// <summary>The state can return to the length at which its last snapshot was taken.</summary>
    Snapshots = 2,

    /// <summary>The state can drop positions from its middle.</summary>
    Shift = 4,

    /// <summary>The state can return to earlier lengths as long as its windows still hold what these need.</summary>
    TruncateNear = 8,

    /// <summary>The state can become a copy of another one.</summary>
    Copy = 16,

    /// <summary>The state can be written to a stream and read back.</summary>
    Save = 32,

    /// <summary>
    /// The state takes a text whole, in one pass: positions attend to later ones too, so that a longer text is computed anew. The engine
    /// refuses to append to a state that is not empty.
    /// </summary>
    WholePasses = 64,
}
