namespace EdgeRuntime.Engine;

/// <summary>How a sequence's state is kept.</summary>
public sealed record EngineStateOptions
{
    /// <summary>The largest number of positions. Required.</summary>
    public required int Capacity { get; init; }

    /// <summary>
    /// The most tokens that one <see cref="BatchSlice"/> will append. Required. A state with <see cref="StateAbilities.WholePasses"/>
    /// ignores it.
    /// </summary>
    public required int BatchTokens { get; init; }

    /// <summary>The number format of cached keys; an engine without a choice ignores it. The default is F16.</summary>
    public KvCacheType KeyType { get; init; } = KvCacheType.F16;

    /// <summary>The number format of cached values; an engine without a choice ignores it. The default is F16.</summary>
    public KvCacheType ValueType { get; init; } = KvCacheType.F16;
}
