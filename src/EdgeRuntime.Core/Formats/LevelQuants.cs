using System;

namespace EdgeRuntime.Formats;

/// <summary>Converts numbers to quants by a reverse lookup in the levels of a code.</summary>
internal static class LevelQuants<TCode>
    where TCode : unmanaged, IQuantCode
{
    private static readonly byte[] s_quants = Invert();

    /// <param name="numbers">Numbers, each equal to <paramref name="unit"/> times (level - offset).</param>
    /// <param name="quants">Receives one quant per number.</param>
    /// <param name="unit">1, or 2 if the levels are half the numbers.</param>
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
