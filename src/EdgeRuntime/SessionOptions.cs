using EdgeRuntime.State;

namespace EdgeRuntime;

/// <summary>How a session keeps its context.</summary>
public sealed record SessionOptions
{
    /// <summary>Context length where none is asked for and the model allows it.</summary>
    public const int DefaultContextLength = 4096;

    /// <summary>Most tokens that are computed at once where neither options nor a tuning profile say.</summary>
    public const int DefaultBatchTokens = 512;

    /// <summary>Most positions that the session may hold; null for the smaller of the model's and 4096.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Type of cached keys and values; null for the tuning profile's or F16. F32 where the model was loaded as exact.</summary>
    public KvCacheType? KvType { get; init; }

    /// <summary>Type of cached keys, where it is another than <see cref="KvType"/>; null for that one.</summary>
    public KvCacheType? KvKeyType { get; init; }

    /// <summary>Type of cached values, where it is another than <see cref="KvType"/>; null for that one.</summary>
    public KvCacheType? KvValueType { get; init; }

    /// <summary>Most tokens that are computed at once; null for the tuning profile's or 512.</summary>
    public int? BatchTokens { get; init; }

    /// <summary>These options with a cache of such types, whatever a tuning profile says.</summary>
    internal SessionOptions With(KvTypes types) => this with { KvKeyType = types.Keys, KvValueType = types.Values };
}
