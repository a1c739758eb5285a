using System;

namespace EdgeRuntime.Formats;

/// <summary>Finds the quants of numbers that a code has levels for.</summary>
internal static class LevelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private static readonly byte[] s_quants = Invert();

    /// <param name="numbers">Numbers, in units of which a format has <paramref name="unit"/> to a level.</param>
    /// <param name="quants">Gets as many quants.</param>
    /// <param name="unit">1, or 2 where the levels are half the numbers.</param>
    public static void Find(ReadOnlySpan<sbyte> numbers, Span<byte> quants, int unit = 1)
    {
        for (int k = 0; k < numbers.Length; k++)
        {
            quants[k] = s_quants[(numbers[k] / unit) + TCode.Offset];
        }
    }

    private static byte[] Invert()
    {
        byte[] quants = new byte[TCode.MaxLevel + 1];
        for (int quant = TCode.Levels.Length - 1; quant >= 0; quant--)
        {
            quants[TCode.Levels[quant]] = (byte)quant;
        }

        return quants;
    }
}
