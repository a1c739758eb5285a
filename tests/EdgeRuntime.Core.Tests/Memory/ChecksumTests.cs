using System;
using System.Numerics;
using EdgeRuntime.Memory;
using Xunit;

namespace EdgeRuntime.Core.Tests.Memory;

/// <summary>The vectorised checksum against its definition, word by word.</summary>
public sealed class ChecksumTests
{
    [Fact]
    public void Compute_OfEveryLength_IsWhatTheDefinitionGives()
    {
        byte[] bytes = new byte[1000];
        new Random(7).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
        {
            Assert.Equal(Definition(bytes.AsSpan(0, length)), Checksum.Compute(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Compute_WithAnyBitFlipped_Differs()
    {
        byte[] bytes = new byte[389];
        new Random(8).NextBytes(bytes);
        ulong whole = Checksum.Compute(bytes);
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(whole, Checksum.Compute(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Compute_WithTwoRoundsExchanged_Differs()
    {
        byte[] bytes = new byte[512];
        new Random(9).NextBytes(bytes);
        ulong whole = Checksum.Compute(bytes);
        byte[] exchanged = [.. bytes[128..256], .. bytes[..128], .. bytes[256..]];
        Assert.NotEqual(whole, Checksum.Compute(exchanged));
    }

    [Fact]
    public void Compute_OfZeros_DependsOnTheLength() =>
        Assert.NotEqual(Checksum.Compute(new byte[100]), Checksum.Compute(new byte[101]));

    private static ulong Definition(ReadOnlySpan<byte> bytes)
    {
        byte[] padded = new byte[(bytes.Length + 127) / 128 * 128];
        bytes.CopyTo(padded);
        uint[] sums = new uint[32];
        for (uint lane = 0; lane < 32; lane++)
        {
            sums[lane] = lane;
        }

        for (int word = 0; word < padded.Length / 4; word++)
        {
            ref uint sum = ref sums[word % 32];
            sum = BitOperations.RotateLeft((sum ^ BitConverter.ToUInt32(padded, word * 4)) * 0x9e3779b1, 13);
        }

        ulong hash = 0;
        for (int pair = 0; pair < 16; pair++)
        {
            hash = Mix(hash ^ (sums[2 * pair] | ((ulong)sums[(2 * pair) + 1] << 32)));
        }

        return Mix(hash ^ (ulong)bytes.Length);
    }

    private static ulong Mix(ulong x)
    {
        ulong y = (x ^ (x >> 29)) * 0x9e3779b97f4a7c15;
        return y ^ (y >> 32);
    }
}
