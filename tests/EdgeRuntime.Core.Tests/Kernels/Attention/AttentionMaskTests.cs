using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Attention;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

/// <summary>What a query sees, and what happens to its scores.</summary>
public sealed class AttentionMaskTests
{
    private const int Positions = 560;

    // Groups of three: 32 tokens a block, so a batch of 560 has blocks that begin in every part of a chunk.
    private static readonly AttentionShape Plain = AttentionCase.Plain(6, 2, 16, 24);

    private static readonly Dictionary<string, AttentionShape> Causal = new()
    {
        ["window of 1"] = Plain with { Window = 1 },
        ["window of 5"] = Plain with { Window = 5 },
        ["window of 100"] = Plain with { Window = 100 },
        ["window of a chunk"] = Plain with { Window = 256 },
        ["window of more than a chunk"] = Plain with { Window = 300 },
        ["window beyond the sequence"] = Plain with { Window = int.MaxValue },
        ["chunks of 7"] = Plain with { ChunkWindow = 7 },
        ["chunks of 64"] = Plain with { ChunkWindow = 64 },
        ["chunks of 300"] = Plain with { ChunkWindow = 300 },
        ["chunks and a window"] = Plain with { ChunkWindow = 200, Window = 90 },
        ["cap"] = Plain with { ScoreCap = 0.7f },
        ["slopes"] = Plain with { AlibiSlopes = [0.5f, 0.25f, 0.125f, 0.0625f, 0.01f, 0] },
        ["sinks"] = Plain with { Sinks = [-1, 0, 1, 3, 20, -200] },
        ["all at once"] = Plain with
        {
            Window = 70,
            ScoreCap = 2,
            AlibiSlopes = [0.5f, 0.25f, 0.125f, 0.0625f, 0.01f, 0],
            Sinks = [-1, 0, 1, 3, 20, -200],
        },
    };

    private static readonly Dictionary<string, AttentionShape> NotCausal = new()
    {
        ["not causal"] = Plain with { IsCausal = false },
        ["not causal, window"] = Plain with { IsCausal = false, Window = 40 },
        ["not causal, chunks"] = Plain with { IsCausal = false, ChunkWindow = 100 },
        ["not causal, slopes"] = Plain with { IsCausal = false, AlibiSlopes = [0.5f, 0.25f, 0.125f, 0.0625f, 0.01f, 0] },
    };

    public static TheoryData<string> CausalNames => [.. Causal.Keys];

    public static TheoryData<string> AllNames => [.. Causal.Keys, .. NotCausal.Keys];

    [Theory]
    [MemberData(nameof(AllNames))]
    public void Compute_Masked_IsTheDefinition(string name)
    {
        AttentionShape shape = Causal.TryGetValue(name, out AttentionShape? causal) ? causal : NotCausal[name];
        using AttentionCase sequence = new(shape, Positions, TensorType.F32, TensorType.F16, seed: 6);
        AttentionKernelTests.AssertDefined(sequence, batches: [Positions, 90, 5]);
    }

    [Theory]
    [MemberData(nameof(CausalNames))]
    public void Compute_MaskedInAnyBatches_GivesTheSameBits(string name)
    {
        using AttentionCase sequence = new(Causal[name], Positions, TensorType.Q8_0, TensorType.Q4_0, seed: 7);
        AttentionKernel kernel = sequence.Kernel();
        float[] whole = sequence.Compute(kernel, Positions);
        foreach (int batch in new[] { 1, 7, 32, 33, 250 })
        {
            Assert.Equal(whole, sequence.Compute(kernel, batch, reverse: true));
        }
    }

    [Theory]
    [MemberData(nameof(AllNames))]
    public void ComputeTogether_SeveralSequences_GivesEachItsBitsAlone(string name)
    {
        AttentionShape shape = Causal.TryGetValue(name, out AttentionShape? causal) ? causal : NotCausal[name];
        (int Start, int Tokens)[] slices = [(0, 1), (511, 1), (300, 100), (0, 260), (270, 3), (400, 32)];
        AttentionCase[] sequences =
            [.. slices.Select((_, i) => new AttentionCase(shape, Positions, TensorType.F16, TensorType.F16, seed: 10 + i))];
        AttentionKernel kernel = sequences[0].Kernel();
        float[][] together = [.. slices.Select(_ => new float[Positions * sequences[0].OutputWidth])];
        AttentionCase.ComputeTogether(
            kernel, [.. slices.Select((slice, i) => (sequences[i], slice.Start, slice.Tokens, together[i]))], reverse: true);
        for (int i = 0; i < slices.Length; i++)
        {
            float[] alone = new float[together[i].Length];
            sequences[i].Compute(kernel, slices[i].Start, slices[i].Tokens, alone);
            Assert.Equal(alone, together[i]);
            sequences[i].Dispose();
        }
    }

    [Fact]
    public void Add_NoRoomForPartialResults_IsRefused()
    {
        using AttentionCase sequence = new(Plain, Positions, TensorType.F16, TensorType.F16, seed: 20);
        AttentionKernel kernel = sequence.Kernel();
        AttentionBatch batch = new();
        unsafe
        {
            batch.Begin(kernel, null, 0);
        }

        batch.Add(new AttentionSlice { Start = 0, Tokens = 200 });
        Assert.Throws<ArgumentException>(() => batch.Add(new AttentionSlice { Start = 500, Tokens = 1 }));
        Assert.Equal(2 * 7, batch.Items);
    }
}
