using System;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels;

/// <summary>
/// Brings float rows into the layout of <see cref="ActivationLayout"/>. Int8, for each token and block of 32 columns:
/// <code>
///   amax = max |x|        d = amax / 127        q = x * (127 / amax), rounded to the nearest, ties to even
/// </code>
/// A block whose amax is so small that 127 / amax overflows (below 1e-36) becomes zeros. A block with a NaN or an infinity
/// gets d = NaN and zeros, so that every product with it is NaN, as it would be in float.
/// </summary>
internal static unsafe class ActivationQuantizer
{
    /// <summary>
    /// Fills the tiles [firstTile, lastTile) of <paramref name="activations"/> from x. Tiles may be filled by several threads.
    /// </summary>
    /// <param name="kind">Layout to write.</param>
    /// <param name="x">[tokens, columns] with <paramref name="xStride"/> floats a token; the whole batch, not the tile.</param>
    /// <param name="xStride">Floats from one token's row of x to the next.</param>
    /// <param name="tokens">Tokens of the whole batch: fixes the size of the last tile.</param>
    /// <param name="columns">Columns; a multiple of 32 for Int8.</param>
    /// <param name="firstTile">First tile to fill.</param>
    /// <param name="lastTile">One past the last.</param>
    /// <param name="activations">ActivationLayout.ByteSize(kind, columns, tokens) bytes for the whole batch.</param>
    /// <param name="instructionSet">Whose tile size and code to use; the result is the same to the bit for all with the same tile
    /// size.</param>
    public static void Fill(
        ActivationKind kind, float* x, int xStride, int tokens, int columns, int firstTile, int lastTile, byte* activations,
        InstructionSet instructionSet)
    {
        int tileTokens = instructionSet.Kernels.TileTokens;
        for (int tile = firstTile; tile < lastTile; tile++)
        {
            int first = tile * tileTokens;
            int count = Math.Min(tileTokens, tokens - first);
            float* rows = x + ((long)first * xStride);
            byte* output = activations + ActivationLayout.ByteSize(kind, columns, first);
            if (kind == ActivationKind.Float32)
            {
                Transpose(rows, xStride, count, columns, (float*)output);
            }
            else
            {
                instructionSet.Kernels.QuantizeTile(rows, xStride, count, columns, output);
            }
        }
    }

    /// <summary>x[token][column] to output[column][token].</summary>
    private static void Transpose(float* x, int xStride, int tokens, int columns, float* output)
    {
        if (tokens == 1)
        {
            new ReadOnlySpan<float>(x, columns).CopyTo(new Span<float>(output, columns));
            return;
        }

        for (int column = 0; column < columns; column++)
        {
            float* source = x + column;
            for (int token = 0; token < tokens; token++, source += xStride)
            {
                *output++ = *source;
            }
        }
    }
}
