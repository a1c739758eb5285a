using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Llama 4: experts in every so many layers, whose input has their weights, and a window of chunks in three of four layers. The others have
/// no rope, and queries that grow with their position.
/// </summary>
internal sealed class Llama4 : Architecture
{
    // Chunks, and the positions after which queries grow, are constants of llama.cpp, whatever the file's number.
    private const int Chunk = 8192;
    private const int RopePeriod = 4;
    private const int ExpertsWithoutNorm = 128;

    public override string Name => "llama4";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        ExpertSpec experts = keys.RequiredExperts() with
        {
            Gating = ExpertGating.Sigmoid,
            ChoosesByScores = true,
            WeighsInput = true,
            Normalizes = false,
        };
        experts = experts with { SharedWidth = experts.Width };
        AttentionSpec full = keys.Attention(RopePairing.Norm) with { NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(full);
        AttentionSpec rotated = full with
        {
            Norm = experts.Count == ExpertsWithoutNorm ? QueryKeyNorm.None : QueryKeyNorm.PlainHeads,
            NormsAfterRope = true,
        };
        bool hasChunks = !keys.Has("attention.sliding_window") || keys.NotNegative("attention.sliding_window", 0) > 0;
        bool[] hasChunk = hasChunks ? keys.WindowLayers(period: 4) : new bool[keys.LayerCount];
        int step = keys.NotNegative("interleave_moe_layer_step", 0);
        return decoder.Build((index, layer) =>
        {
            bool hasRope = !hasChunks || (index + 1) % RopePeriod != 0;
            AttentionSpec attention = hasRope ? rotated
                : full with { Rope = null, Temperature = new QueryTemperature(0.1f, Chunk, Offset: 1) };
            return decoder.PreNorm(
                layer,
                new Attention(layer, decoder.Hidden, attention with { ChunkWindow = hasChunk[index] ? Chunk : 0 }),
                keys.DenseOrExperts(
                    layer, Activation.Silu, step > 0 && (index + 1) % step == 0 ? experts : null, order: BiasOrder.NoScale));
        });
    }
}
