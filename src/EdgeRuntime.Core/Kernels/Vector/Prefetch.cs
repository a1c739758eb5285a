using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Prefetches memory.</summary>
internal static unsafe class Prefetch
{
    // Covers the memory's latency, and crosses the end of a page, where the processor's own prefetching stops.
    private const int DistanceBytes = 2048;

    /// <summary>Prefetches the line 2048 bytes after an address that is read in order. Any address is safe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(void* address) => Line((byte*)address + DistanceBytes);

    /// <summary>Prefetches the line of an address. Any address is safe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }
}
