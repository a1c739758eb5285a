using System;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Threading;

/// <summary>Gets properties of the processor cores.</summary>
internal static class ProcessorTopology
{
    /// <summary>Gets the number of physical cores that the process may use; at least 1.</summary>
    public static int PhysicalCores { get; } = Math.Max(1, Environment.ProcessorCount / ThreadsPerCore());

    /// <summary>Reads CPUID leaf 0xB, subleaf 0: EBX is the number of logical processors per core.</summary>
    private static int ThreadsPerCore()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 0xB)
        {
            return 1;
        }

        int threads = X86Base.CpuId(0xB, 0).Ebx & 0xFFFF;
        return Math.Clamp(threads, 1, 8);
    }
}
