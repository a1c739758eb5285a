using System;
using System.Linq;

namespace EdgeRuntime.Cli.Models;

/// <summary>The number formats of a KV cache, and the names that options and reports use.</summary>
/// <param name="Keys">Number format of keys.</param>
/// <param name="Values">Number format of values.</param>
internal readonly record struct KvTypes(KvCacheType Keys, KvCacheType Values)
{
    /// <summary>Gets all names, in the order of the enumeration.</summary>
    public static string Names { get; } = string.Join(", ", Enum.GetValues<KvCacheType>().Select(Name));

    /// <summary>Returns the name that options and reports use: "q8_0".</summary>
    public static string Name(KvCacheType type) => type.ToString().ToLowerInvariant();

    /// <summary>Returns the type of a name, in upper or lower case; null for any other text.</summary>
    public static KvCacheType? Find(string name) => Enum.GetValues<KvCacheType>().Cast<KvCacheType?>()
        .FirstOrDefault(type => string.Equals(Name(type!.Value), name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Returns the session options with these types, which override a tuning profile.</summary>
    public SessionOptions ApplyTo(SessionOptions options) => options with { KvCacheKeyType = Keys, KvCacheValueType = Values };

    /// <summary>Returns "F16", or "Q8_0/Q4_0" for keys and values of different types.</summary>
    public override string ToString() => Keys == Values ? Keys.ToString() : $"{Keys}/{Values}";
}
