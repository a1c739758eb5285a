using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>A format of the integers of a block of <see cref="KvBlocks{TQuants}"/>.</summary>
internal unsafe interface IKvQuants
{
    /// <summary>Integers of a block.</summary>
    const int BlockLength = 32;

    /// <summary>Bytes of a block's integers.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Quantizes up to 32 numbers, followed by zeros, to a block; returns the scale, a finite half.</summary>
    static abstract ushort Quantize(float* x, int count, byte* packed);

    /// <summary>Unpacks the integers of a block, or of blocks with interleaved bytes, one to a byte.</summary>
    /// <param name="packed">[bytes].</param>
    /// <param name="bytes">A multiple of 16.</param>
    /// <param name="buffer">[integers]: the result, unless the integers can be read in place.</param>
    static abstract sbyte* Unpack(byte* packed, int bytes, sbyte* buffer);
}

/// <summary>Q8_0: int8 with the scale greatest / 127, rounded to nearest.</summary>
internal readonly unsafe struct Int8Quants : IKvQuants
{
    public static int BlockBytes => IKvQuants.BlockLength;

    public static ushort Quantize(float* x, int count, byte* packed)
    {
        float greatest = 0;
        for (int i = 0; i < count; i++)
        {
            greatest = MathF.Max(greatest, MathF.Abs(x[i]));
        }

        ushort half = HalfConvert.ToHalf(greatest / 127);
        if (HalfConvert.ToSingle(half) * 127.5f < greatest && half < HalfConvert.LargestHalfBits)
        {
            // A subnormal scale can be rounded far down; with the next scale the greatest number fits in int8.
            half++;
        }

        float scale = HalfConvert.ToSingle(half);
        float inverse = scale > 0 ? 1 / scale : 0;
        sbyte* quants = (sbyte*)packed;
        for (int i = 0; i < IKvQuants.BlockLength; i++)
        {
            quants[i] = i < count ? (sbyte)Math.Clamp(MathF.Round(x[i] * inverse), -127, 127) : (sbyte)0;
        }

        return half;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static sbyte* Unpack(byte* packed, int bytes, sbyte* buffer)
    {
        for (nint i = 0; i < bytes; i += 64)
        {
            Prefetch.Ahead(packed + i);
        }

        return (sbyte*)packed;
    }
}

/// <summary>Q4_0: q + 8 in four bits, rounded as in a GGUF file. Elements i and i + 16 of a block share a byte.</summary>
internal readonly unsafe struct Int4Quants : IKvQuants
{
    public static int BlockBytes => IKvQuants.BlockLength / 2;

    public static ushort Quantize(float* x, int count, byte* packed)
    {
        Span<float> full = stackalloc float[IKvQuants.BlockLength];
        new ReadOnlySpan<float>(x, count).CopyTo(full);
        full[count..].Clear();
        BlockQ4_0 block = default;
        EvenSteps.Quantize(full, new Span<BlockQ4_0>(ref block));
        ((ReadOnlySpan<byte>)block.Qs).CopyTo(new Span<byte>(packed, BlockBytes));
        return HalfConvert.ToHalf(HalfBits.ToSingle(block.D));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static sbyte* Unpack(byte* packed, int bytes, sbyte* buffer)
    {
        Vector128<byte> eight = Vector128.Create((byte)8);
        for (nint i = 0; i < bytes; i += 16)
        {
            Prefetch.Ahead(packed + i);
            Vector128<byte> both = Vector128.Load(packed + i);
            ((both & Vector128.Create((byte)15)) - eight).AsSByte().Store(buffer + i);
            ((both >>> 4) - eight).AsSByte().Store(buffer + bytes + i);
        }

        return buffer;
    }
}
