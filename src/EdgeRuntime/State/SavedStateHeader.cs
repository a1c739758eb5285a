using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>Describes the content of a saved state and precedes it, so that other bytes are refused. Numbers are little-endian.</summary>
/// <param name="Types">Number formats of the KV cache.</param>
/// <param name="Layers">Layers with keys and values.</param>
/// <param name="RecurrentFloats">Floats of recurrent state.</param>
/// <param name="Shape">Checksum over the sizes of all layers, as the engine lays them out.</param>
/// <param name="Length">Positions.</param>
internal sealed record SavedStateHeader(KvTypes Types, int Layers, long RecurrentFloats, ulong Shape, int Length)
{
    private const int Version = 1;
    private const int Bytes = 48;

    private static ReadOnlySpan<byte> Mark => "EDGSTATE"u8;

    /// <summary>Returns the header of a state with so many positions.</summary>
    public static SavedStateHeader Of(StatePlan plan, KvTypes types, int length)
    {
        IEnumerable<string> sizes = plan.Layers.Select(layer => FormattableString.Invariant(
            $"{layer.KvHeads} {layer.KeyLength} {layer.ValueLength} {layer.Window} {layer.FirstRotated} {layer.Rotation?.Pairs}"));
        return new SavedStateHeader(types, plan.Layers.Count, plan.RecurrentFloats, ShapeOf(sizes), length);
    }

    /// <summary>Returns the checksum over the sizes of all layers.</summary>
    public static ulong ShapeOf(IEnumerable<string> sizes) => Checksum.Compute(Encoding.UTF8.GetBytes(string.Join('\n', sizes)));

    /// <summary>Makes the exception of a saved state that ends too early.</summary>
    public static InvalidDataException TooShort(EndOfStreamException cause) =>
        new("saved state: the bytes end too early; expected a whole state", cause);

    /// <summary>Reads a header.</summary>
    /// <exception cref="InvalidDataException">The bytes are no header of this version.</exception>
    /// <exception cref="EndOfStreamException">There are too few bytes.</exception>
    public static SavedStateHeader Read(Stream source)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        source.ReadExactly(bytes);
        int version = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (!bytes[..8].SequenceEqual(Mark) || version != Version)
        {
            throw new InvalidDataException(bytes[..8].SequenceEqual(Mark)
                ? FormattableString.Invariant($"saved state: version {version}; expected {Version}")
                : "saved state: the bytes are not a saved state");
        }

        return new SavedStateHeader(
            new KvTypes(
                (KvCacheType)BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
                (KvCacheType)BinaryPrimitives.ReadInt32LittleEndian(bytes[16..])),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[40..]));
    }

    /// <summary>Writes the header.</summary>
    public void Write(Stream destination)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        bytes.Clear();
        Mark.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], (int)Types.Keys);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], (int)Types.Values);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[20..], Layers);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], RecurrentFloats);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], Shape);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[40..], Length);
        destination.Write(bytes);
    }

    /// <summary>Checks that a state can load what the header describes.</summary>
    /// <param name="own">The header of that state at its capacity.</param>
    /// <returns>The number of positions.</returns>
    /// <exception cref="InvalidDataException">The message says what differs.</exception>
    public int RequireFit(SavedStateHeader own)
    {
        string? problem =
            Types != own.Types ? $"KV cache of {Types}; expected {own.Types}"
            : Layers != own.Layers || RecurrentFloats != own.RecurrentFloats
                ? FormattableString.Invariant(
                    $"{Layers} layers with keys and {RecurrentFloats} recurrent numbers; expected {own.Layers} and {own.RecurrentFloats}")
            : Shape != own.Shape ? "layers of other sizes, or of another engine; expected those of this model on this engine"
            : Length < 0 || Length > own.Length ? FormattableString.Invariant($"{Length} positions; expected 0 to {own.Length}")
            : null;
        return problem is null ? Length : throw new InvalidDataException("saved state: " + problem);
    }
}
