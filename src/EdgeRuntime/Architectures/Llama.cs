using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Transformers;

namespace EdgeRuntime.Architectures;

/// <summary>Llama 1 to 3.x, SmolLM 1 and 2, Mistral, TinyLlama and whatever else is saved as <c>llama</c>.</summary>
internal sealed class Llama : Architecture
{
    public override string Name => "llama";

    public override TransformerSpec ReadSpec(ModelSource source)
    {
        var keys = new ArchitectureKeys(source, Name);
        keys.RequireZero("expert_count", "mixture-of-experts layers");

        int hidden = keys.Positive("embedding_length");
        int heads = keys.Positive("attention.head_count");
        int kvHeads = keys.Positive("attention.head_count_kv", heads);
        keys.Require(heads % kvHeads == 0, "attention.head_count_kv", $"{kvHeads}", $"a divisor of attention.head_count, {heads}");
        if (!keys.Has("attention.key_length"))
        {
            keys.Require(hidden % heads == 0, "attention.head_count", $"{heads}", $"a divisor of embedding_length, {hidden}");
        }

        int keyLength = keys.Positive("attention.key_length", hidden / heads);
        RopeSpec rope = RopeSpec.Read(keys, keyLength, RopePairing.Norm);
        keys.Require(rope.Dimensions == keyLength, "rope.dimension_count", $"{rope.Dimensions}", $"the key length, {keyLength}");
        return new TransformerSpec
        {
            Layers = keys.Positive("block_count"),
            Hidden = hidden,
            Heads = heads,
            KvHeads = kvHeads,
            KeyLength = keyLength,
            ValueLength = keys.Positive("attention.value_length", hidden / heads),
            FeedForward = keys.Positive("feed_forward_length"),
            ContextLength = keys.Positive("context_length"),
            NormEpsilon = keys.PositiveSingle("attention.layer_norm_rms_epsilon"),
            Rope = rope,
            AttentionScale = keys.AttentionScale(keyLength),
        };
    }
}
