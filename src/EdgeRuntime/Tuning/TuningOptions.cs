using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Tuning;

/// <summary>Specifies how <see cref="ModelTuner"/> measures a model.</summary>
public sealed record TuningOptions
{
    /// <summary>Gets the time limit of the measurements, without loading. The default is 30 seconds. A started step is completed.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Gets a value indicating whether types of the KV cache with larger rounding errors than F16 are tried: BF16 and Q8_0. The default is
    /// false.
    /// </summary>
    public bool AllowLossyKvCache { get; init; }

    /// <summary>Gets the logger factory that receives events of loading; null, the default, for none.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}

/// <summary>The values that a search chooses from. The first of each list is the default.</summary>
internal sealed record TuningCandidates(
    IReadOnlyList<string> InstructionSets, IReadOnlyList<int> Threads, IReadOnlyList<int> BatchTokens, IReadOnlyList<KvCacheType> KvTypes)
{
    public TuningChoice Default => new(Threads[0], InstructionSets[0], InstructionSets[0], KvTypes[0], BatchTokens[0]);

    /// <summary>
    /// Gets the candidates of this machine: all instruction sets but the scalar one, the physical cores and fewer and, with SMT, all
    /// processors.
    /// </summary>
    public static TuningCandidates OfThisMachine(bool allowLossyKv)
    {
        string best = InstructionSet.Default.Name;
        string[] fast = [
            .. InstructionSet.All.Where(set => set.IsSupported && set.Name != "scalar" && set.Name != best)
            .Select(set => set.Name)];
        int cores = ProcessorTopology.PhysicalCores;
        int[] threads = [cores, cores - 1, cores * 3 / 4, cores / 2, Environment.ProcessorCount];
        return new TuningCandidates(
            [best, .. fast],
            [.. threads.Where(count => count >= 1).Distinct()],
            [512, 128, 256, 1024],
            allowLossyKv ? [KvCacheType.F16, KvCacheType.F32, KvCacheType.BF16, KvCacheType.Q8_0] : [KvCacheType.F16, KvCacheType.F32]);
    }
}
