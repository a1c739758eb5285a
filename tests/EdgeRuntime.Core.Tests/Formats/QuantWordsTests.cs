using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Core.Tests.Kernels;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

public sealed class QuantWordsTests
{
    public static IEnumerable<TheoryDataRow<TensorType>> Types =>
        TensorFormats.All.Where(static format => format.Shape is not null)
            .Select(static format => new TheoryDataRow<TensorType>(format.Type));

    /// <summary>However a format regroups its quants: the words are those of the quants that it comes apart into, and the scales the
    /// same.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Regroup_RandomBlocks_GivesTheWordsOfTheQuants(TensorType type)
    {
        const int Blocks = 50;
        TensorFormat format = TensorFormats.Get(type);
        int bits = format.Shape!.Value.Bits;
        int blockWords = format.BlockWeights / QuantWords.Columns * bits;
        byte[] source = MatrixCase.RandomRows(format, 1, Blocks * format.BlockWeights, new Random(21));
        uint[] words = new uint[Blocks * blockWords];
        var scales = new BlockScales[Blocks];
        format.Regroup(source, words, scales);

        byte[] quants = new byte[format.BlockWeights];
        uint[] expected = new uint[bits];
        for (int b = 0; b < Blocks; b++)
        {
            BlockScales expectedScales = default;
            format.Decompose(source.AsSpan(b * format.BlockBytes, format.BlockBytes), quants, ref expectedScales);
            Assert.Equal((expectedScales.D, expectedScales.Min), (scales[b].D, scales[b].Min));
            Assert.True(((ReadOnlySpan<byte>)expectedScales.SubBlocks).SequenceEqual(scales[b].SubBlocks));
            for (int i = 0; i < format.BlockWeights / QuantWords.Columns; i++)
            {
                QuantWords.FromQuants(bits, quants.AsSpan(i * QuantWords.Columns, QuantWords.Columns), expected);
                Assert.Equal(expected, words.AsSpan((b * blockWords) + (i * bits), bits).ToArray());
            }
        }
    }
}
