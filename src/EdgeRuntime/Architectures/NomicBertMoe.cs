using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Nomic Embed 2: BERT with a rope, and with experts without gates in every second layer or at another period.</summary>
internal sealed class NomicBertMoe() : Bert("nomic-bert-moe", Activation.Gelu, hasGate: false, hasRope: true)
{
    protected override Branch CreateFeedForward(ArchitectureKeys keys, int index, string layer)
    {
        int period = keys.NotNegative("moe_every_n_layers", 0);
        return period == 0 || index % period != 1
            ? base.CreateFeedForward(keys, index, layer)
            : new Experts(
                layer, keys.Hidden, keys.RequiredExperts("feed_forward_length") with { HasGate = false, Normalizes = false },
                Activation.Gelu);
    }
}
