using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Step 3.5: heads by layer, gates of heads, layers with a window and a rope of their own by the file's pattern, and limits of gates by
/// layer.
/// </summary>
internal sealed class Step35 : Architecture
{
    public override string Name => "step35";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms)
        {
            IsNotRun = tensor => keys.IsOfPredictingLayer(tensor) || keys.IsBesideExperts(tensor),
        };
        int window = keys.Positive("attention.sliding_window");
        bool[] hasWindow = keys.WindowLayers(period: null);
        GateLimit[] limits = keys.GateLimits("swiglu_clamp_exp", GateLimitKind.ActivatedGate);
        GateLimit[] sharedLimits = keys.GateLimits("swiglu_clamp_shexp", GateLimitKind.ActivatedGate);
        ExpertSpec experts = keys.Weighed(keys.RequiredExperts(), ExpertGating.Sigmoid);
        experts = experts with { SharedWidth = keys.SharedWidth(fallback: 0) };
        int width = keys.Positive("feed_forward_length");
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, ReadAttention(keys, index, layer, hasWindow[index] ? window : 0)),
            keys.HasRouter(layer)
                ? new Experts(
                    layer, decoder.Hidden, experts with { Limit = limits[index], SharedLimit = sharedLimits[index] }, Activation.Silu)
                : new FeedForward(layer, decoder.Hidden, width, Activation.Silu)
                {
                    Limit = sharedLimits[index],
                    BiasOrder = BiasOrder.NoScale,
                }));
    }

    private static AttentionSpec ReadAttention(ArchitectureKeys keys, int index, string layer, int window)
    {
        AttentionSpec attention = keys.Attention(index) with
        {
            Norm = keys.HeadNorm(layer),
            NormEpsilon = keys.RmsEpsilon,
            Gate = keys.Source.Has($"{layer}.attn_gate.weight") ? OutputGateKind.Sigmoid : OutputGateKind.None,
            Window = window,
        };

        // The rope of full layers rotates half of what the file says, and only these layers use the file's factors.
        RopeSpec rope = RopeKeys.Read(keys, attention.KeyLength, RopePairing.Neox);
        RopeSpec plain = rope with { FrequencyScale = 1, FrequencyFactors = null, LongFactors = null, ShortFactors = null };
        return attention with
        {
            Rope = window == 0
                ? rope with { Dimensions = rope.Dimensions / 2 }
                : RopeKeys.ForWindow(keys, attention.KeyLength, plain) with { Base = keys.PositiveSingle("rope.freq_base_swa", 10000) },
        };
    }
}
