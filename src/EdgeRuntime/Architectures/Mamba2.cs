using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Mamba 2: each layer is one state space, without attention and feed-forward.</summary>
internal sealed class Mamba2 : Architecture
{
    public override string Name => "mamba2";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        Mamba2Spec spec = keys.Mamba2(keys.RmsEpsilon);
        return decoder.Build((_, layer) =>
        [
            new Residual(decoder.Norm($"{layer}.attn_norm"), new Modules.Mamba2(layer, decoder.Hidden, spec)),
        ]);
    }
}
