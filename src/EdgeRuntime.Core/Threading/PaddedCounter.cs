using System.Runtime.InteropServices;

namespace EdgeRuntime.Threading;

/// <summary>A counter alone on its cache lines, so that threads that spin on one do not slow writers of another.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedCounter
{
    [FieldOffset(128)]
    public int Value;
}
