using System.Runtime.InteropServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// A number as a type, given by its size: the JIT knows sizeof when it reads a method, so that branches on it are gone before
/// it inlines anything. A property would be inlined too late, after the calls in dead branches have used up the inliner's budget.
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
