using System.Runtime.InteropServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// A number as a type, equal to the type's size. The JIT knows sizeof when it imports a method, so it removes branches on it before
/// it inlines calls. A property would be inlined too late: calls in dead branches would have used up the inliner's budget.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct Count1;

[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Count2;

[StructLayout(LayoutKind.Sequential, Size = 3)]
internal readonly struct Count3;

[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Count4;

[StructLayout(LayoutKind.Sequential, Size = 5)]
internal readonly struct Count5;

[StructLayout(LayoutKind.Sequential, Size = 6)]
internal readonly struct Count6;

[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Count8;

[StructLayout(LayoutKind.Sequential, Size = 12)]
internal readonly struct Count12;
