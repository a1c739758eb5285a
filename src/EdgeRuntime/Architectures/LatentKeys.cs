using System;
using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.State;

namespace EdgeRuntime.Architectures;

/// <summary>Reads the parameters of latent attention.</summary>
internal static class LatentKeys
{
    /// <summary>Reads the sizes, the rope and the scale of latent attention.</summary>
    /// <param name="keys">The model's metadata.</param>
    /// <param name="keyLengthKey">The key of the length of a head's query.</param>
    /// <param name="valueLengthKey">The key of the length of a head's value.</param>
    /// <param name="pairing">The pairing of the rope.</param>
    /// <param name="latentKey">The key of the length of the latent vector.</param>
    /// <param name="layer">The layer, where the number of heads differs by layer.</param>
    /// <param name="sharesWidth">Whether the heads share the width of the model if the length of a value is missing.</param>
    public static LatentAttentionSpec Read(
        ArchitectureKeys keys, string keyLengthKey, string valueLengthKey, RopePairing pairing, string latentKey = "attention.kv_lora_rank",
        int layer = 0, bool sharesWidth = false)
    {
        int queryLength = keys.Positive(keyLengthKey);
        RopeSpec rope = RopeKeys.Read(keys, queryLength, pairing);
        int heads = keys.PerLayer("attention.head_count")[layer];
        keys.Require(heads > 0, "attention.head_count", $"{heads} for layer {layer}", "1 or more");
        int latent = keys.Positive(latentKey);
        int valueLength = keys.Positive(valueLengthKey, sharesWidth ? keys.Hidden / heads : null);
        keys.RequireHeadLength(latentKey, latent + rope.Dimensions);
        keys.RequireHeadLength(keyLengthKey, queryLength);
        keys.RequireHeadLength(valueLengthKey, valueLength);
        keys.RequireWidth(latentKey, heads, latent + rope.Dimensions);
        keys.RequireWidth(keyLengthKey, heads, queryLength + valueLength);
        float magnitude = RopeKeys.LatentMagnitude(keys, rope);
        return new LatentAttentionSpec
        {
            Heads = heads,
            Latent = latent,
            QueryRank = keys.Source.Has("blk.0.attn_q.weight") ? 0 : keys.Positive("attention.q_lora_rank"),
            PlainLength = queryLength - rope.Dimensions,
            ValueLength = valueLength,
            Rope = rope,
            Scale = magnitude * magnitude / MathF.Sqrt(queryLength),
            NormEpsilon = keys.RmsEpsilon,
        };
    }

    /// <summary>Reads latent attention whose scale is 1 / sqrt(key length), with the keys of ordinary attention.</summary>
    public static LatentAttentionSpec ReadWithPlainScale(ArchitectureKeys keys, RopePairing pairing)
    {
        LatentAttentionSpec attention = Read(keys, "attention.key_length", "attention.value_length", pairing, sharesWidth: true);
        return attention with { Scale = 1 / MathF.Sqrt(attention.QueryLength) };
    }

    /// <summary>Reads the parameters of an indexer, whose keys are [rotated | plain].</summary>
    public static KeyIndexerSpec Indexer(ArchitectureKeys keys, LatentAttentionSpec attention, RopePairing pairing, float epsilon)
    {
        int heads = keys.Positive("attention.indexer.head_count");
        int keyLength = keys.Positive("attention.indexer.key_length");
        int rotated = attention.Rope.Dimensions;
        keys.RequireHeadLength("attention.indexer.key_length", keyLength);
        keys.RequireWidth("attention.indexer.key_length", heads, keyLength);
        keys.Require(
            keyLength >= rotated, "attention.indexer.key_length", $"{keyLength}", $"rope.dimension_count, {rotated}, or more");
        keys.Require(attention.QueryRank > 0, "attention.q_lora_rank", "missing", "1 or more, for the indexer");
        return new KeyIndexerSpec
        {
            Heads = heads,
            KeyLength = keyLength,
            QueryRank = attention.QueryRank,
            Rope = attention.Rope with { Pairing = pairing },
            NormEpsilon = epsilon,
        };
    }

    /// <summary>
    /// Reads which layers have an indexer of their own: the file's array, its one number for all, or <paramref name="fallback"/>.
    /// </summary>
    public static bool[] IndexingLayers(ArchitectureKeys keys, Func<int, bool> fallback)
    {
        const string Key = "attention.indexer.types";
        bool[] indexes = keys.IsArray(Key) ? keys.Layers(Key)
            : keys.Has(Key) ? Array.ConvertAll(keys.PerLayer(Key), static type => type != 0)
            : [.. Enumerable.Range(0, keys.LayerCount).Select(fallback)];
        keys.Require(indexes[0], Key, "0 for layer 0", "1, because no layer before it has an indexer");
        return indexes;
    }

    /// <summary>Reads the growing factor of queries; null where the file has none.</summary>
    public static QueryTemperature? Temperature(ArchitectureKeys keys)
    {
        float scale = keys.FiniteSingle("attention.temperature_scale", 0);
        return scale == 0 ? null : new QueryTemperature(scale, keys.Positive("attention.temperature_length"));
    }
}
