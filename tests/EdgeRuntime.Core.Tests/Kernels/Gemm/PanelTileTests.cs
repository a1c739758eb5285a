using System;
using System.Linq;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Gemm;

public sealed unsafe class PanelTileTests
{
    private static readonly InstructionSet s_scalar = InstructionSet.Parse("scalar");

    public static TheoryData<string> InstructionSets => [.. InstructionSet.All.Select(set => set.Name)];

    /// <summary>How the quants and the activations of a case are filled.</summary>
    private enum Values
    {
        Random,

        /// <summary>Greatest quants with activations of one sign: the largest sums.</summary>
        GreatestSums,

        /// <summary>Greatest quants with activations of -127: the smallest sums.</summary>
        LeastSums,

        /// <summary>Zero quants: only the offset is left.</summary>
        ZeroQuants,

        /// <summary>Quants and activations that are each at one end or the other.</summary>
        RandomExtremes,
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Multiply_EveryLayoutAndNumberOfTokens_EqualsScalarToTheBit(string name)
    {
        InstructionSet set = Require(name);
        foreach (PackedLayout layout in PackedLayouts.All)
        {
            for (int tokens = 1; tokens <= set.Kernels.TileTokens; tokens++)
            {
                int blocks = tokens % 3 == 0 ? 1 : 1 + (tokens % 4);
                for (int panels = 1; panels <= set.Kernels.TilePanels; panels++)
                {
                    AssertEqualsScalar(set, layout, Values.Random, blocks, tokens, rows: 16 * panels);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Multiply_FewerRows_WritesThoseRowsAlone(string name)
    {
        InstructionSet set = Require(name);
        foreach (PackedLayout layout in PackedLayouts.All)
        {
            for (int rows = 1; rows <= 16 * set.Kernels.TilePanels; rows++)
            {
                AssertEqualsScalar(set, layout, Values.Random, blocks: 1, tokens: Math.Min(3, set.Kernels.TileTokens), rows);
            }
        }
    }

    [Theory]
    [MemberData(nameof(InstructionSets))]
    public void Multiply_ExtremeValues_EqualsScalarToTheBit(string name)
    {
        InstructionSet set = Require(name);
        foreach (PackedLayout layout in PackedLayouts.All)
        {
            foreach (Values values in Enum.GetValues<Values>())
            {
                AssertEqualsScalar(set, layout, values, blocks: 2, set.Kernels.TileTokens, rows: 16 * set.Kernels.TilePanels);
                AssertEqualsScalar(set, layout, values, blocks: 3, tokens: 1, rows: 16);
            }
        }
    }

    private static InstructionSet Require(string name)
    {
        InstructionSet set = InstructionSet.All.First(candidate => candidate.Name == name);
        Assert.SkipUnless(set.IsSupported, $"{name} is not on this machine");
        return set;
    }

    private static void AssertEqualsScalar(InstructionSet set, PackedLayout packed, Values values, int blocks, int tokens, int rows)
    {
        ExpandedPanelLayout layout = packed.Expanded;
        const int PanelRows = ExpandedPanelLayout.PanelRows;
        const int YStride = 35;
        int panels = (rows + PanelRows - 1) / PanelRows;
        using var panel = new GuardedMemory((long)panels * blocks * layout.BlockBytes);
        using var tile = new GuardedMemory((long)blocks * ActivationLayout.Int8BlockBytesPerToken * tokens);
        int yBytes = (((tokens - 1) * YStride) + rows) * sizeof(float);
        using var expected = new GuardedMemory(yBytes);
        using var actual = new GuardedMemory(yBytes);
        var random = new Random(HashCode.Combine(blocks, tokens, rows));
        FillPanel(panel.Pointer, layout, panels * blocks, values, random);
        FillTile(tile.Pointer, blocks, tokens, values, random);
        expected.Bytes.Fill(0x7b);
        actual.Bytes.Fill(0x7b);

        for (int first = 0; first < rows; first += PanelRows)
        {
            byte* one = panel.Pointer + ((long)(first / PanelRows) * blocks * layout.BlockBytes);
            float* y = (float*)expected.Pointer + first;
            s_scalar.Kernels.Gemm(packed)(one, tile.Pointer, blocks, tokens, y, YStride, Math.Min(PanelRows, rows - first), false);
        }

        // In two parts, where there are blocks enough; the panels of each lie together.
        int firstBlocks = blocks / 2;
        using var parts = new GuardedMemory((long)panels * blocks * layout.BlockBytes);
        for (int p = 0; p < panels; p++)
        {
            byte* source = panel.Pointer + ((long)p * blocks * layout.BlockBytes);
            int split = firstBlocks * layout.BlockBytes;
            int rest = (blocks - firstBlocks) * layout.BlockBytes;
            new Span<byte>(source, split).CopyTo(new Span<byte>(parts.Pointer + (p * split), split));
            new Span<byte>(source + split, rest).CopyTo(new Span<byte>(parts.Pointer + (panels * split) + (p * rest), rest));
        }

        delegate*<byte*, byte*, int, int, float*, int, int, bool, void> gemm = set.Kernels.Gemm(packed);
        if (firstBlocks > 0)
        {
            gemm(parts.Pointer, tile.Pointer, firstBlocks, tokens, (float*)actual.Pointer, YStride, rows, false);
        }

        byte* second = parts.Pointer + ((long)panels * firstBlocks * layout.BlockBytes);
        byte* activations = tile.Pointer + (firstBlocks * ActivationLayout.Int8BlockBytesPerToken * tokens);
        gemm(second, activations, blocks - firstBlocks, tokens, (float*)actual.Pointer, YStride, rows, firstBlocks > 0);

        string where = $"{set}, {packed}, {values}, {blocks} blocks, {tokens} tokens, {rows} rows";
        Assert.True(expected.Bytes.SequenceEqual(actual.Bytes), where);
        Assert.True(actual.FrontIsIntact, where);
    }

    private static void FillPanel(byte* panel, ExpandedPanelLayout layout, int blocks, Values values, Random random)
    {
        for (int b = 0; b < blocks; b++, panel += layout.BlockBytes)
        {
            for (int i = 0; i < 32 * ExpandedPanelLayout.PanelRows; i++)
            {
                panel[i] = (byte)(values switch
                {
                    Values.Random => random.Next(layout.MaxQuant + 1),
                    Values.ZeroQuants => 0,
                    Values.RandomExtremes => random.Next(2) * layout.MaxQuant,
                    _ => layout.MaxQuant,
                });
            }

            float* scales = (float*)(panel + (32 * ExpandedPanelLayout.PanelRows));
            for (int i = 0; i < (layout.Scales + layout.Mins) * ExpandedPanelLayout.PanelRows; i++)
            {
                scales[i] = random.NextSingle() - 0.5f;
            }

            if (layout.Mins == 2)
            {
                for (int i = 0; i < 2 * ExpandedPanelLayout.PanelRows; i++)
                {
                    ((short*)(scales + ((layout.Scales + 1) * ExpandedPanelLayout.PanelRows)))[i] = (short)random.Next(16);
                }
            }
        }
    }

    private static void FillTile(byte* tile, int blocks, int tokens, Values values, Random random)
    {
        for (int b = 0; b < blocks; b++, tile += ActivationLayout.Int8BlockBytesPerToken * tokens)
        {
            float* d = (float*)(tile + (32 * tokens));
            short* sum16 = (short*)(d + (2 * tokens));
            new Span<short>(sum16, 2 * tokens).Clear();
            for (int i = 0; i < 32 * tokens; i++)
            {
                int a = values switch
                {
                    Values.Random => random.Next(-127, 128),
                    Values.LeastSums => -127,
                    Values.RandomExtremes => (random.Next(2) * 254) - 127,
                    _ => 127,
                };
                ((sbyte*)tile)[i] = (sbyte)a;
                int step = i / (4 * tokens);
                sum16[(2 * (i / 4 % tokens)) + (step / 4)] += (short)a;
            }

            for (int t = 0; t < tokens; t++)
            {
                d[t] = random.NextSingle();
                d[tokens + t] = d[t] * (sum16[2 * t] + sum16[(2 * t) + 1]);
            }
        }
    }
}
