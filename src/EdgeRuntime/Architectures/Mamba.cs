using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Mamba and Falcon Mamba: each layer is one state space, without attention and feed-forward.</summary>
internal sealed class Mamba : Architecture
{
    public override string Name => "mamba";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms);
        MambaSpec spec = keys.Mamba();
        return decoder.Build((_, layer) =>
        [
            new Residual(decoder.Norm($"{layer}.attn_norm"), new Modules.Mamba(layer, decoder.Hidden, spec)),
        ]);
    }
}
