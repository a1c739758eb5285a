namespace EdgeRuntime.Tuning;

/// <summary>Settings of a model and its sessions that change their speed.</summary>
/// <param name="Threads">Threads that compute.</param>
/// <param name="PrefillInstructionSet">Instruction set for several tokens at once.</param>
/// <param name="DecodeInstructionSet">Instruction set whose kernels multiply a single token.</param>
/// <param name="KvType">Type of the KV cache.</param>
/// <param name="BatchTokens">Most tokens that are computed at once.</param>
public sealed record TuningChoice(int Threads, string PrefillInstructionSet, string DecodeInstructionSet, KvCacheType KvType, int BatchTokens);

/// <summary>One measured speed.</summary>
/// <param name="Step">What was being chosen: "decode isa", "prefill isa", "threads", "batch", "kv type".</param>
/// <param name="Setting">The candidate.</param>
/// <param name="PrefillRate">Tokens a second of a prefill; null where it was not measured.</param>
/// <param name="DecodeRate">Tokens a second of decoding; null where it was not measured.</param>
/// <param name="Chosen">Whether it was taken.</param>
public sealed record TuningMeasurement(string Step, string Setting, double? PrefillRate, double? DecodeRate, bool Chosen);
