using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Asks for memory before it is needed.</summary>
internal static unsafe class Prefetch
{
    // Far enough for the memory's latency; past a page's end, where the processor's own prefetching stops.
    private const int DistanceBytes = 2048;

    /// <summary>Asks for what lies one page behind an address that is being read in order. Any address is safe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0((byte*)address + DistanceBytes);
        }
    }
}
