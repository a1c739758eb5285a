using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// gpt-oss: biases everywhere, sinks, a window in every other layer, and experts whose weights are a softmax over the chosen ones.
/// </summary>
internal sealed class GptOss : Architecture
{
    public override string Name => "gpt-oss";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        AttentionSpec full = keys.Attention(RopePairing.Neox) with { MayHaveSinks = true };
        keys.RequireWholeRope(full);
        AttentionSpec windowed = full with
        {
            Window = keys.Positive("attention.sliding_window"),
            Rope = full.Rope! with { Base = keys.PositiveSingle("rope.freq_base_swa", full.Rope.Base) },
        };
        bool[] hasWindow = keys.WindowLayers(period: 2);
        ExpertSpec experts = keys.RequiredExperts() with
        {
            Gating = ExpertGating.SoftmaxOfChosen,
            Normalizes = false,
            Limit = GateLimit.OpenAi,
        };
        return decoder.Build((index, layer) =>
        [
            new Residual(
                decoder.Norm($"{layer}.attn_norm"), new Attention(layer, decoder.Hidden, hasWindow[index] ? windowed : full)),
            new Residual(
                decoder.Norm($"{layer}.post_attention_norm"), new Experts(layer, decoder.Hidden, experts, Activation.Silu)),
        ]);
    }
}
