using System;
using System.Collections.Generic;

namespace EdgeRuntime.Architectures;

/// <summary>Known families that this runtime does not run, and the parts that it lacks for them.</summary>
internal static class MissingArchitectures
{
    private static readonly Dictionary<string, string> s_missing = new(StringComparer.Ordinal)
    {
        ["arwkv7"] = "recurrence of RWKV 7",
        ["deepseek4"] = "attention to compressed positions, hyper connections that mix streams, experts chosen by token",
        ["qwen4exp"] = "low-rank gates between streams, embeddings of n-grams, an indexer of blocks",
        ["rwkv6"] = "recurrence of RWKV 6",
        ["rwkv6qwen2"] = "recurrence of RWKV 6",
        ["rwkv7"] = "recurrence of RWKV 7",
        ["t5"] = "an encoder beside the decoder, attention between them, biases by relative position",
        ["t5encoder"] = "biases by relative position",
    };

    /// <summary>Returns what is missing for a family; null if it is not known.</summary>
    public static string? PartsOf(string name) => s_missing.GetValueOrDefault(name);
}
