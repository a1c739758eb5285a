using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>The upper half of an IEEE binary32.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct BlockBF16 : ITensorFormat<BlockBF16>, IFloatFormat
{
    public ushort Bits;

    public static TensorType Type => TensorType.BF16;

    public static int BlockWeights => 1;

    public static int BlockBytes => 2;

    public static void Dequantize(in BlockBF16 block, Span<float> x) => x[0] = block.ToSingle();

    public static void DequantizeAll(ReadOnlySpan<BlockBF16> blocks, Span<float> x)
    {
        int i = 0;
        for (; i <= x.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            Vector256<ushort> bits = Vector256.Create(MemoryMarshal.Cast<BlockBF16, ushort>(blocks[i..]));
            (Vector256<uint> lower, Vector256<uint> upper) = Vector256.Widen(bits);
            (lower << 16).AsSingle().CopyTo(x[i..]);
            (upper << 16).AsSingle().CopyTo(x[(i + Vector256<float>.Count)..]);
        }

        for (; i < x.Length; i++)
        {
            x[i] = blocks[i].ToSingle();
        }
    }

    /// <summary>Rounds to nearest, ties to even. A NaN becomes a quiet NaN.</summary>
    public static void Quantize(ReadOnlySpan<float> x, Span<BlockBF16> blocks)
    {
        int i = 0;
        for (; i <= x.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            Vector256<uint> lower = Round(Vector256.Create(x[i..]));
            Vector256<uint> upper = Round(Vector256.Create(x[(i + Vector256<float>.Count)..]));
            Vector256.Narrow(lower, upper).CopyTo(MemoryMarshal.Cast<BlockBF16, ushort>(blocks[i..]));
        }

        for (; i < x.Length; i++)
        {
            blocks[i].Bits = (ushort)Round(Vector256.Create(x[i]))[0];
        }
    }

    private static Vector256<uint> Round(Vector256<float> x)
    {
        Vector256<uint> bits = x.AsUInt32();
        Vector256<uint> isOdd = (bits >>> 16) & Vector256<uint>.One;
        Vector256<uint> rounded = bits + Vector256.Create(0x7fffu) + isOdd;
        return Vector256.ConditionalSelect(Vector256.Equals(x, x).AsUInt32(), rounded, bits | Vector256.Create(0x400000u)) >>> 16;
    }

    public readonly float ToSingle() => BitConverter.Int32BitsToSingle(Bits << 16);
}
