namespace EdgeRuntime.Tuning;

/// <summary>The settings of a model and its sessions that affect their speed.</summary>
/// <param name="Threads">The number of threads.</param>
/// <param name="PrefillInstructionSet">The instruction set for several tokens at once.</param>
/// <param name="DecodeInstructionSet">The instruction set for products of a single token.</param>
/// <param name="KvCacheType">The type of the KV cache.</param>
/// <param name="BatchTokens">The largest number of tokens computed at once.</param>
public sealed record TuningChoice(
    int Threads, string PrefillInstructionSet, string DecodeInstructionSet, KvCacheType KvCacheType, int BatchTokens);

/// <summary>A measured speed.</summary>
/// <param name="Step">The setting: "decode isa", "prefill isa", "threads", "batch" or "kv type".</param>
/// <param name="Setting">The candidate.</param>
/// <param name="PrefillTokensPerSecond">The tokens per second of a prefill; null if not measured.</param>
/// <param name="DecodeTokensPerSecond">The tokens per second of decoding; null if not measured.</param>
/// <param name="IsChosen">Whether the candidate was chosen.</param>
public sealed record TuningMeasurement(
    string Step, string Setting, double? PrefillTokensPerSecond, double? DecodeTokensPerSecond, bool IsChosen);
