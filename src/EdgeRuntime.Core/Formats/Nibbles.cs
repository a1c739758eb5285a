using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Packs and unpacks 4-bit quants and fifth bits, eight bytes at a time where it matters.</summary>
internal static class Nibbles
{
    private const ulong Low = 0x0f0f0f0f0f0f0f0f;

    /// <summary>Unpacks n bytes into 2 n quants: all low nibbles, then all high nibbles. n is a multiple of 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(ReadOnlySpan<byte> packed, Span<byte> quants)
    {
        for (int i = 0; i < packed.Length; i += 8)
        {
            ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(packed[i..]);
            BinaryPrimitives.WriteUInt64LittleEndian(quants[i..], bytes & Low);
            BinaryPrimitives.WriteUInt64LittleEndian(quants[(packed.Length + i)..], (bytes >> 4) & Low);
        }
    }

    /// <summary>Packs quants; reverses <see cref="Unpack"/>. Bits above the fourth are ignored, and n is a multiple of 8.</summary>
    public static void Pack(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        for (int i = 0; i < packed.Length; i += 8)
        {
            ulong low = BinaryPrimitives.ReadUInt64LittleEndian(quants[i..]) & Low;
            ulong high = BinaryPrimitives.ReadUInt64LittleEndian(quants[(packed.Length + i)..]) & Low;
            BinaryPrimitives.WriteUInt64LittleEndian(packed[i..], low | (high << 4));
        }
    }

    /// <summary>Packs 32 quants: the first 16 into low nibbles, the others into high nibbles. Bits above the fourth are ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Pack(Vector256<byte> quants)
    {
        Vector256<byte> nibbles = quants & Vector256.Create((byte)15);
        return nibbles.GetLower() | Vector128.ShiftLeft(nibbles.GetUpper().AsUInt16(), 4).AsByte();
    }

    /// <summary>Packs two quants per byte, low nibble first; reverses <see cref="UnpackPairs"/>.</summary>
    /// <param name="nibbles">Two quants per byte of <paramref name="packed"/>; more are ignored.</param>
    /// <param name="packed">Receives the bytes.</param>
    public static void PackPairs(ReadOnlySpan<byte> nibbles, Span<byte> packed)
    {
        for (int i = 0; i < packed.Length; i++)
        {
            packed[i] = (byte)(nibbles[2 * i] | (nibbles[(2 * i) + 1] << 4));
        }
    }

    /// <summary>Adds the fifth bit to 32 quants: bit k of <paramref name="high"/> goes to quant k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFifthBits(uint high, Span<byte> quants)
    {
        for (int i = 0; i < 32; i += 8)
        {
            // Copies the byte to all eight bytes, keeps bit i in byte i, and moves it to bit 4.
            ulong spread = ((ulong)((high >> i) & 0xff) * 0x0101010101010101) & 0x8040201008040201;
            ulong bits = ((spread + 0x7f7f7f7f7f7f7f7f) >> 3) & 0x1010101010101010;
            Span<byte> eight = quants[i..];
            BinaryPrimitives.WriteUInt64LittleEndian(eight, BinaryPrimitives.ReadUInt64LittleEndian(eight) | bits);
        }
    }

    /// <summary>Collects the fifth bits of 32 quants; reverses <see cref="AddFifthBits"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint FifthBits(Vector256<byte> quants)
    {
        // The top bit of a byte is its fifth bit before the shift; bits that cross bytes reach only the lower ones.
        return Vector256.ShiftLeft(quants.AsUInt16(), 3).AsByte().ExtractMostSignificantBits();
    }

    /// <summary>Unpacks two quants per byte, low nibble first.</summary>
    public static void UnpackPairs(ReadOnlySpan<byte> packed, Span<byte> nibbles)
    {
        for (int i = 0; i < packed.Length; i++)
        {
            nibbles[2 * i] = (byte)(packed[i] & 15);
            nibbles[(2 * i) + 1] = (byte)(packed[i] >> 4);
        }
    }
}
