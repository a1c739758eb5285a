using EdgeRuntime.State;

namespace EdgeRuntime;

/// <summary>Specifies the size and the number formats of a session's context.</summary>
public sealed record SessionOptions
{
    /// <summary>The greatest default context length, in tokens. Models with a shorter context use their own.</summary>
    public const int DefaultContextLength = 4096;

    /// <summary>The default batch size, in tokens, if neither the options nor a tuning profile set one.</summary>
    public const int DefaultBatchTokens = 512;

    /// <summary>
    /// Gets the greatest number of positions that the session can hold; null for the context length of the model, but at most
    /// <see cref="DefaultContextLength"/>.
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Gets the number format of cached keys and values; null for that of the tuning profile, or F16. A model loaded with
    /// <see cref="ModelOptions.Exact"/> always uses F32.
    /// </summary>
    public KvCacheType? KvCacheType { get; init; }

    /// <summary>Gets the number format of cached keys; null for <see cref="KvCacheType"/>.</summary>
    public KvCacheType? KvCacheKeyType { get; init; }

    /// <summary>Gets the number format of cached values; null for <see cref="KvCacheType"/>.</summary>
    public KvCacheType? KvCacheValueType { get; init; }

    /// <summary>
    /// Gets the greatest number of tokens in one forward pass; null for that of the tuning profile, or <see cref="DefaultBatchTokens"/>.
    /// </summary>
    public int? BatchTokens { get; init; }

    /// <summary>Returns a copy of these options with the given cache types, which override a tuning profile.</summary>
    internal SessionOptions With(KvTypes types) => this with { KvCacheKeyType = types.Keys, KvCacheValueType = types.Values };
}
