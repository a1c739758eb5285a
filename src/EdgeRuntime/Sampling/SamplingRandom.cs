using System;
using System.Numerics;

namespace EdgeRuntime.Sampling;

/// <summary>
/// The random generator of sampling: xoshiro256** (Blackman and Vigna), with a state filled by splitmix64 from the seed. It uses integer
/// arithmetic only, so a seed gives the same numbers on every platform and in every version of .NET.
/// </summary>
internal struct SamplingRandom
{
    private ulong _a, _b, _c, _d;

    public SamplingRandom(ulong seed)
    {
        _a = SplitMix(ref seed);
        _b = SplitMix(ref seed);
        _c = SplitMix(ref seed);
        _d = SplitMix(ref seed);
    }

    /// <summary>Creates a generator with a given state. At least one word must not be 0.</summary>
    public SamplingRandom(ulong a, ulong b, ulong c, ulong d) => (_a, _b, _c, _d) = (a, b, c, d);

    /// <summary>Gets the next 64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        ulong shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>Gets a number in [0, 1): the upper 53 bits of <see cref="NextBits"/> times 2^-53.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Creates an unpredictable seed.</summary>
    public static ulong NewSeed()
    {
        // A Guid holds random bytes of the system. The cryptography classes would load a library of several megabytes at each start.
        Span<byte> bytes = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(bytes);
        return BitConverter.ToUInt64(bytes) ^ BitConverter.ToUInt64(bytes[sizeof(ulong)..]);
    }

    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
