using System.Runtime.InteropServices;

namespace EdgeRuntime.Threading;

/// <summary>A counter on cache lines of its own, so that threads that spin on one counter do not slow down writers of another.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedCounter
{
    [FieldOffset(128)]
    public int Value;
}
