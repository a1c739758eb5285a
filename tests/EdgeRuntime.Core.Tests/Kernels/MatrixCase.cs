using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Core.Tests.Kernels;

/// <summary>Makes matrices and activations for kernel tests, and multiplies them.</summary>
internal static unsafe class MatrixCase
{
    /// <summary>A byte that puts every quant and sub-block scale at an end of its range.</summary>
    public static byte Extreme(Random random) => random.Next(3) switch { 0 => 0, 1 => 0xff, _ => 0x80 };

    /// <summary>Random bytes, or all the same, with the f16 fields made finite.</summary>
    public static byte[] RandomRows(TensorFormat format, int rows, int columns, Random random, byte? fill = null)
    {
        byte[] bytes = new byte[rows * format.RowBytes(columns)];
        random.NextBytes(bytes);
        for (int at = 0; at < bytes.Length; at += format.BlockBytes)
        {
            Span<byte> block = bytes.AsSpan(at, format.BlockBytes);
            if (format.Shape is null)
            {
                RandomFloat(format.Type, random, block);
                continue;
            }

            if (fill is byte value)
            {
                block.Fill(value);
            }

            WriteScales(format, block, random);
        }

        return bytes;
    }

    /// <summary>[tokens, columns] floats, some blocks all zero, some all at the ends.</summary>
    public static float[] RandomActivations(int tokens, int columns, Random random)
    {
        float[] x = new float[tokens * columns];
        for (int b = 0; b < x.Length; b += 32)
        {
            int kind = random.Next(6);
            for (int k = b; k < Math.Min(b + 32, x.Length); k++)
            {
                x[k] = kind switch { 0 => 0, 1 => 3.5f, 2 => -3.5f, 3 => k % 2 == 0 ? 2 : -2, _ => (float)((random.NextDouble() * 4) - 2) };
            }
        }

        return x;
    }

    public static PackedMatrix Pack(TensorType type, byte[] source, int rows, int columns, InstructionSet set)
    {
        PackedMatrix matrix = new(type, rows, columns, set);
        int rowBytes = source.Length / rows;
        for (int p = 0; p < matrix.Panels; p++)
        {
            int count = Math.Min(16, rows - (16 * p));
            matrix.PackPanel(p, source.AsSpan(16 * p * rowBytes, count * rowBytes), matrix.Panel(p));
        }

        return matrix;
    }

    /// <summary>y [tokens, rows], with yStride of rows.</summary>
    public static float[] Multiply(PackedMatrix matrix, float[] x, int tokens, InstructionSet set)
    {
        int tile = set.Kernels.TileTokens;
        using NativeBuffer activations = new(ActivationLayout.ByteSize(matrix.ActivationKind, matrix.Columns, tokens));
        using NativeBuffer scratch = new(matrix.ScratchBytes);
        float[] y = new float[tokens * matrix.Rows];
        fixed (float* xs = x, ys = y)
        {
            ActivationQuantizer.Fill(
                matrix.ActivationKind, xs, matrix.Columns, tokens, matrix.Columns, 0, (tokens + tile - 1) / tile, activations.Pointer, set);
            matrix.Multiply(matrix.Panel(0), activations.Pointer, tokens, 0, matrix.Panels, ys, matrix.Rows, scratch.Pointer);
        }

        return y;
    }

    /// <summary>
    /// Makes a block's scale, or its weights of a float type, infinite or not a number; false where no bits of the type are.
    /// </summary>
    public static bool SpoilScale(TensorFormat format, Span<byte> block)
    {
        switch (format.Type)
        {
            case TensorType.NVFP4 or TensorType.I2_S:
                return false;
            case TensorType.MXFP4:
                block[0] = 0xff;
                return true;
            case TensorType.IQ1_M:
                (block[^1], block[^3]) = (0x70, 0xc0);
                return true;
            case TensorType.F32 or TensorType.BF16:
                BitConverter.TryWriteBytes(block[^2..], (ushort)0x7f80);
                return true;
            case TensorType.F16:
                BitConverter.TryWriteBytes(block, Half.PositiveInfinity);
                return true;
            default:
                BitConverter.TryWriteBytes(block[PlaceOfD(format.Type)..], Half.PositiveInfinity);
                return true;
        }
    }

    /// <summary>Makes the scales of a block of random bytes finite.</summary>
    private static void WriteScales(TensorFormat format, Span<byte> block, Random random)
    {
        switch (format.Type)
        {
            case TensorType.NVFP4 or TensorType.I2_S:
                break;
            case TensorType.MXFP4:
                block[0] = (byte)(random.Next(8) == 0 ? random.Next(3) : random.Next(110, 130));
                break;
            case TensorType.IQ1_M:
                Span<byte> half = stackalloc byte[2];
                WriteHalf(half, random);
                for (int i = 0; i < 4; i++)
                {
                    int nibble = (half[i / 2] >> (i % 2 * 4)) & 15;
                    block[49 + (2 * i)] = (byte)((block[49 + (2 * i)] & 15) | (nibble << 4));
                }

                break;
            default:
                WriteHalf(block[PlaceOfD(format.Type)..], random);
                if (format.Shape!.Value.Scales is ScaleKind.HalfAndMin or ScaleKind.SuperBlockMins or ScaleKind.NibbleMins16)
                {
                    WriteHalf(block[(PlaceOfD(format.Type) + 2)..], random);
                }

                break;
        }
    }

    private static int PlaceOfD(TensorType type) => type switch
    {
        TensorType.Q6_K => 208,
        TensorType.Q2_K => 80,
        TensorType.Q3_K => 108,
        TensorType.TQ1_0 => 52,
        TensorType.TQ2_0 => 64,
        _ => 0,
    };

    private static void RandomFloat(TensorType type, Random random, Span<byte> block)
    {
        float value = (float)((random.NextDouble() * 2) - 1);
        int shift = type == TensorType.BF16 ? 16 : 0;
        int bits = type == TensorType.F16 ? HalfBits.FromSingle(value) : BitConverter.SingleToInt32Bits(value) >> shift;
        for (int i = 0; i < block.Length; i++)
        {
            block[i] = (byte)(bits >> (8 * i));
        }
    }

    /// <summary>Mostly around 0.01, of both signs, sometimes zero, denormal or the greatest.</summary>
    private static void WriteHalf(Span<byte> place, Random random)
    {
        ushort bits = random.Next(16) switch
        {
            0 => 0,
            1 => 0x0001,
            2 => 0x83ff,
            3 => 0x7bff,
            _ => HalfBits.FromSingle((float)((random.NextDouble() * 0.04) - 0.02)),
        };
        place[0] = (byte)bits;
        place[1] = (byte)(bits >> 8);
    }
}
