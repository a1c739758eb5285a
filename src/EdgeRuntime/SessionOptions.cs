using System;
using System.Collections.Generic;

namespace EdgeRuntime;

/// <summary>Specifies the size and the number formats of a session's context.</summary>
public sealed record SessionOptions
{
    /// <summary>The greatest default context length, in tokens. Models with a shorter context use their own.</summary>
    public const int DefaultContextLength = 4096;

    /// <summary>The default batch size, in tokens, if neither the options nor a tuning profile set one.</summary>
    public const int DefaultBatchTokens = 512;

    /// <summary>
    /// Gets the greatest number of positions that the session can hold: 1 to the context length of the model; null, the default, for the
    /// context length of the model, but at most <see cref="DefaultContextLength"/>.
    /// </summary>
    public int? ContextLength
    {
        get;
        init => field = OptionCheck.Require(value, value is null or >= 1, "1 or more tokens, or null for the default");
    }

    /// <summary>
    /// Gets the LoRA adapters of the session with their scales. The default is none. <see cref="ModelSession.UseAdapters"/> changes them
    /// later.
    /// </summary>
    public IReadOnlyList<AdapterScale> Adapters { get; init; } = [];

    /// <summary>
    /// Gets a value indicating whether <see cref="ContextLength"/> may exceed the length that the model was trained for. The default is
    /// false, because answers get worse behind that length.
    /// </summary>
    public bool AllowLongContext { get; init; }

    /// <summary>
    /// Gets the number format of cached keys and values; null, the default, for that of the tuning profile, or F16. A model loaded with
    /// <see cref="ModelOptions.Exact"/> always uses F32.
    /// </summary>
    public KvCacheType? KvCacheType { get; init => field = Check(value); }

    /// <summary>Gets the number format of cached keys; null, the default, for <see cref="KvCacheType"/>.</summary>
    public KvCacheType? KvCacheKeyType { get; init => field = Check(value, nameof(KvCacheKeyType)); }

    /// <summary>Gets the number format of cached values; null, the default, for <see cref="KvCacheType"/>.</summary>
    public KvCacheType? KvCacheValueType { get; init => field = Check(value, nameof(KvCacheValueType)); }

    /// <summary>
    /// Gets the greatest number of tokens in one forward pass; null, the default, for that of the tuning profile, or
    /// <see cref="DefaultBatchTokens"/>.
    /// </summary>
    public int? BatchTokens
    {
        get;
        init => field = OptionCheck.Require(value, value is null or >= 1, "1 or more tokens, or null for the default");
    }

    /// <summary>Checks the context length against that of a model.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is longer, and the options do not allow it.</exception>
    internal void CheckContextLength(int trainedLength) => OptionCheck.Require(
        ContextLength,
        AllowLongContext || ContextLength is null || ContextLength <= trainedLength,
        FormattableString.Invariant(
            $"1 to {trainedLength}, the length that the model was trained for (SessionOptions.AllowLongContext allows more)"),
        "SessionOptions.ContextLength");

    private static KvCacheType? Check(KvCacheType? type, string name = nameof(KvCacheType)) =>
        OptionCheck.Require(type, type is null || Enum.IsDefined(type.Value), "a value of KvCacheType, or null for the default", name);
}
