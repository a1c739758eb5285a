using System;
using System.Buffers.Binary;

namespace EdgeRuntime.Core.Tests.Gguf;

/// <summary>Damages the bytes of a good file in the ways that transfer, writers and attackers do. The seed decides all.</summary>
internal sealed class FileMutator(byte[] original, int headerLength, int seed)
{
    /// <summary>What counts and offsets are overwritten with: ends of ranges, and products that wrap.</summary>
    public static readonly ulong[] Extremes =
    [
        0, 1, 2, 5, 31, 33, 64, 255, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x1_0000_0000,
        0x4000_0000_0000_0001, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFE0, 0xFFFF_FFFF_FFFF_FFFF,
    ];

    private readonly Random _random = new(seed);

    /// <summary>The file with one to three kinds of damage, all but truncation in its header.</summary>
    public byte[] Next()
    {
        byte[] bytes = (byte[])original.Clone();
        for (int rest = _random.Next(1, 4); rest > 0 && bytes.Length > 0; rest--)
        {
            bytes = Damage(bytes);
        }

        return bytes;
    }

    /// <summary>Overwrites four or eight bytes, as far as the file goes.</summary>
    public static void Overwrite(byte[] bytes, int offset, ulong value, int width)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        width = Math.Min(width, bytes.Length - offset);
        word[..width].CopyTo(bytes.AsSpan(offset, width));
    }

    private byte[] Damage(byte[] bytes)
    {
        int header = Math.Min(headerLength, bytes.Length);
        int offset = _random.Next(header);
        int length = Math.Min(_random.Next(1, 65), header - offset);
        switch (_random.Next(7))
        {
            case 0:
                bytes[offset] ^= (byte)(1 << _random.Next(8));
                return bytes;
            case 1:
                _random.NextBytes(bytes.AsSpan(offset, length));
                return bytes;
            case 2:
                bytes.AsSpan(offset, length).Clear();
                return bytes;
            case 3:
                return bytes[..(_random.Next(4) == 0 ? _random.Next(bytes.Length) : offset)];
            case 4:
                byte[] inserted = new byte[length];
                _random.NextBytes(inserted);
                return [.. bytes.AsSpan(0, offset), .. inserted, .. bytes.AsSpan(offset)];
            case 5:
                return [.. bytes.AsSpan(0, offset), .. bytes.AsSpan(offset + length)];
            default:
                Overwrite(bytes, offset, Extremes[_random.Next(Extremes.Length)], _random.Next(2) == 0 ? 4 : 8);
                return bytes;
        }
    }
}
