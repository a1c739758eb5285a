using System;
using System.Buffers.Binary;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Represents an array of strings as its bytes in the file: each string follows its length in 8 bytes. A vocabulary of 250,000 tokens needs
/// no object per token. Immutable.
/// </summary>
internal sealed class GgufStrings : IReadOnlyList<ReadOnlyMemory<byte>>
{
    private const int LengthBytes = sizeof(ulong);

    private readonly byte[] _bytes;
    private readonly int[] _starts; // of each string, and of one more string behind the last one

    /// <summary>Finds the strings of an array.</summary>
    /// <param name="bytes">The bytes of the array in the file. The caller does not change them.</param>
    /// <param name="count">The number of strings.</param>
    /// <param name="path">The path of the file, for messages.</param>
    /// <exception cref="IOException">
    /// The lengths do not fit the bytes. They were validated when the file was opened, so the file has changed since then.
    /// </exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public GgufStrings(byte[] bytes, int count, string path)
    {
        _bytes = bytes;
        int[] starts = GC.AllocateUninitializedArray<int>(count + 1);
        int start = LengthBytes;
        starts[0] = start;
        for (int index = 1; index < starts.Length; index++)
        {
            int rest = bytes.Length - start;
            ulong length = rest < 0 ? ulong.MaxValue : BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(start - LengthBytes));
            if (length > (ulong)rest)
            {
                throw new IOException($"{path}: changed while it was being read");
            }

            start += (int)length + LengthBytes;
            starts[index] = start;
        }

        _starts = starts;
    }

    /// <summary>Gets the array without strings.</summary>
    public static GgufStrings Empty { get; } = new([], 0, "");

    /// <inheritdoc/>
    public int Count => _starts.Length - 1;

    /// <summary>Gets an array of the given strings.</summary>
    /// <param name="strings">The bytes of each string. They are copied.</param>
    public static GgufStrings Of(IReadOnlyCollection<byte[]> strings) => new(Join(strings), strings.Count, "");

    /// <summary>Gets the bytes of an array as in a file: each string follows its length in 8 bytes.</summary>
    /// <exception cref="OverflowException">The array has more than 2 GB.</exception>
    internal static byte[] Join(IReadOnlyCollection<byte[]> strings)
    {
        int length = 0;
        foreach (byte[] text in strings)
        {
            length = checked(length + LengthBytes + text.Length);
        }

        byte[] bytes = new byte[length];
        int start = 0;
        foreach (byte[] text in strings)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(start), (ulong)text.Length);
            text.CopyTo(bytes, start + LengthBytes);
            start += LengthBytes + text.Length;
        }

        return bytes;
    }

    /// <summary>Gets the bytes of a string.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _bytes.AsSpan(_starts[index], _starts[index + 1] - LengthBytes - _starts[index]);
    }

    /// <inheritdoc/>
    ReadOnlyMemory<byte> IReadOnlyList<ReadOnlyMemory<byte>>.this[int index] =>
        _bytes.AsMemory(_starts[index], _starts[index + 1] - LengthBytes - _starts[index]);

    /// <inheritdoc/>
    public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator()
    {
        for (int index = 0; index < Count; index++)
        {
            yield return ((IReadOnlyList<ReadOnlyMemory<byte>>)this)[index];
        }
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
