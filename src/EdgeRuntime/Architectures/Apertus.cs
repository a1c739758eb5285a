using System;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Apertus: norms of queries and keys, no gates, and a feed-forward function (xIELU) with parameters in each layer.</summary>
internal sealed class Apertus : Architecture
{
    public override string Name => "apertus";

    public override ModelModules Read(ArchitectureKeys keys)
    {
        var decoder = new Decoder(keys, NormKind.Rms) { OutputFallback = null, IsNotRun = IsUnusedBias };
        AttentionSpec attention = keys.Attention(RopePairing.Neox) with { Norm = QueryKeyNorm.Heads, NormEpsilon = keys.RmsEpsilon };
        keys.RequireWholeRope(attention);
        int width = keys.Positive("feed_forward_length");
        float[] negative = Parameters("alpha_n");
        float[] positive = Parameters("alpha_p");
        float[] linear = Parameters("beta");
        float[] bounds = Parameters("eps");
        return decoder.Build((index, layer) => decoder.PreNorm(
            layer,
            new Attention(layer, decoder.Hidden, attention),
            new FeedForward(layer, decoder.Hidden, width, default, gated: false)
            {
                BiasOrder = BiasOrder.NoScale,
                Xielu = new Xielu(Softplus(positive[index]), linear[index] + Softplus(negative[index]), linear[index], bounds[index]),
            }));

        float[] Parameters(string name)
        {
            // The only keys of an architecture without its name.
            string key = $"xielu.{name}";
            GgufMetadata metadata = keys.Source.Metadata;
            float[] values = metadata.GetShape(key) is { Type: GgufValueType.Array }
                ? metadata.GetSingles(key).ToArray()
                : [.. Enumerable.Repeat(metadata.GetSingle(key), keys.LayerCount)];
            int bad = Array.FindIndex(values, static value => !float.IsFinite(value));
            return values.Length >= keys.LayerCount && bad < 0 ? values : throw new ModelFormatException(
                keys.Source.Path, -1, bad < 0
                    ? $"{key} has {values.Length} numbers; expected {keys.LayerCount}, as many as layers"
                    : $"{key}[{bad}] is {values[bad].ToString(CultureInfo.InvariantCulture)}; expected a finite number");
        }
    }

    /// <summary>llama.cpp loads biases of the norms of queries and keys and does not add them.</summary>
    private static bool IsUnusedBias(string tensor) =>
        tensor.EndsWith(".attn_q_norm.bias", StringComparison.Ordinal) || tensor.EndsWith(".attn_k_norm.bias", StringComparison.Ordinal);

    private static float Softplus(float x) => x > 20 ? x : MathF.Log(1 + MathF.Exp(x));
}
