using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Memory;

/// <summary>
/// Computes a 64-bit checksum at memory speed. It detects damage and change, not intent: collisions can be constructed.
/// <code>
/// the bytes, padded with zeros to a multiple of 128, are little-endian words w[round][lane], lane in 0..31
///   sum[lane] = rotate((sum[lane] ^ w) * P, 13)      P = 0x9e3779b1, sum starts as the index of the lane
/// then, over pairs of lanes and finally the number of bytes
///   hash = mix(hash ^ pair)                          mix(x) = y ^ y >> 32, y = (x ^ x >> 29) * 0x9e3779b97f4a7c15
/// </code>
/// Every step is invertible, so inputs that differ in a single word always have different checksums.
/// </summary>
internal static unsafe class Checksum
{
    private const int RoundBytes = 128;
    private const int Vectors = RoundBytes / 16;
    private const uint LaneFactor = 0x9e3779b1;
    private const ulong MixFactor = 0x9e3779b97f4a7c15;

    /// <summary>Computes the checksum of bytes; the same on every machine.</summary>
    [SkipLocalsInit]
    public static ulong Compute(ReadOnlySpan<byte> bytes)
    {
        uint* sums = stackalloc uint[RoundBytes / sizeof(uint)];
        for (uint lane = 0; lane < RoundBytes / sizeof(uint); lane++)
        {
            sums[lane] = lane;
        }

        int whole = bytes.Length / RoundBytes;
        fixed (byte* start = bytes)
        {
            AddRounds((Vector128<uint>*)sums, (Vector128<uint>*)start, whole);
        }

        if (whole * RoundBytes < bytes.Length)
        {
            byte* last = stackalloc byte[RoundBytes];
            var padded = new Span<byte>(last, RoundBytes);
            padded.Clear();
            bytes[(whole * RoundBytes)..].CopyTo(padded);
            AddRounds((Vector128<uint>*)sums, (Vector128<uint>*)last, 1);
        }

        ulong hash = 0;
        for (int pair = 0; pair < RoundBytes / sizeof(ulong); pair++)
        {
            hash = Mix(hash ^ ((ulong*)sums)[pair]);
        }

        return Mix(hash ^ (ulong)bytes.Length);
    }

    /// <summary>Combines checksums into one; their order matters.</summary>
    public static ulong Combine(ReadOnlySpan<ulong> checksums) => Compute(MemoryMarshal.AsBytes(checksums));

    // The first start runs this once over hundreds of megabytes, before the JIT's second tier would optimize it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRounds(Vector128<uint>* sums, Vector128<uint>* words, int rounds)
    {
        Vector128<uint> factor = Vector128.Create(LaneFactor);
        Vector128<uint> s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
        Vector128<uint> s4 = sums[4], s5 = sums[5], s6 = sums[6], s7 = sums[7];
        for (Vector128<uint>* end = words + ((long)rounds * Vectors); words < end; words += Vectors)
        {
            s0 = Rotate((s0 ^ words[0]) * factor);
            s1 = Rotate((s1 ^ words[1]) * factor);
            s2 = Rotate((s2 ^ words[2]) * factor);
            s3 = Rotate((s3 ^ words[3]) * factor);
            s4 = Rotate((s4 ^ words[4]) * factor);
            s5 = Rotate((s5 ^ words[5]) * factor);
            s6 = Rotate((s6 ^ words[6]) * factor);
            s7 = Rotate((s7 ^ words[7]) * factor);
        }

        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
        sums[4] = s4;
        sums[5] = s5;
        sums[6] = s6;
        sums[7] = s7;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> x) => (x << 13) | (x >>> 19);

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 29)) * MixFactor;
        return x ^ (x >> 32);
    }
}
