using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>Llama 1 to 3.x, SmolLM 1 and 2, Mistral, TinyLlama and whatever else is saved as <c>llama</c>.</summary>
internal sealed class Llama : Architecture
{
    public override string Name => "llama";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        keys.RequireZero("expert_count", "mixture-of-experts layers");
        int hidden = keys.Hidden;
        int vocabulary = keys.Vocabulary;
        int width = keys.Positive("feed_forward_length");
        float epsilon = keys.RmsEpsilon;
        AttentionSpec attention = keys.Attention(RopePairing.Norm);
        Norm Norm(string name) => new(name, NormKind.Rms, epsilon, hidden);
        return new ModelModules
        {
            Hidden = hidden,
            Vocabulary = vocabulary,
            ContextLength = keys.ContextLength,
            Stages =
            [
                new Embedding("token_embd", hidden),
                .. keys.Layers.SelectMany<string, Stage>(layer =>
                [
                    new Residual(Norm($"{layer}.attn_norm"), new Attention(layer, hidden, attention)),
                    new Residual(Norm($"{layer}.ffn_norm"), new FeedForward(layer, hidden, width, Activation.Silu)),
                ]),
                new Head(Norm("output_norm"), "output", "token_embd", hidden, vocabulary),
            ],
        };
    }
}
