using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Cpu;

/// <summary>
/// Detects that the processor has instructions which this process can't use: the program was compiled ahead of time without them, or .NET
/// was told not to use them. CPUID is available in every build. On Arm64 every build has vectors.
/// </summary>
internal static class DisabledInstructions
{
    private const int Fma = 1 << 12; // leaf 1, ECX
    private const int SavesVectors = 1 << 27; // leaf 1, ECX (OSXSAVE): the system saves the registers
    private const int Avx2 = 1 << 5; // leaf 7, EBX

    /// <summary>Gets whether the processor has AVX2 and FMA while .NET reports that one of them is missing.</summary>
    public static bool IncludeAvx2 { get; } =
        X86Base.IsSupported
        && !(System.Runtime.Intrinsics.X86.Avx2.IsSupported && System.Runtime.Intrinsics.X86.Fma.IsSupported)
        && X86Base.CpuId(0, 0).Eax >= 7
        && HasAvx2(X86Base.CpuId(1, 0).Ecx, X86Base.CpuId(7, 0).Ebx);

    /// <summary>Gets whether the feature bits of a processor include AVX2 and FMA.</summary>
    /// <param name="features">CPUID leaf 1, ECX.</param>
    /// <param name="extended">CPUID leaf 7, subleaf 0, EBX.</param>
    internal static bool HasAvx2(int features, int extended) =>
        (features & (Fma | SavesVectors)) == (Fma | SavesVectors) && (extended & Avx2) != 0;
}
