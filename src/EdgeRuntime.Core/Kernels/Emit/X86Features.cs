using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Detects instructions without .NET intrinsics. Each also needs an instruction set of .NET, whose IsSupported tells that the system
/// saves the registers and that the user has not disabled the set.
/// </summary>
internal static class X86Features
{
    /// <summary>vcvtph2ps on 256 bits, in addition to AVX2 and FMA. CPUID leaf 1, ECX bit 29.</summary>
    public static bool F16c { get; } = Avx2.IsSupported && Fma.IsSupported && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0;

    /// <summary>vpdpbusd and vpdpwssd on 512 bits, in addition to AVX-512BW. CPUID leaf 7, subleaf 0, ECX bit 11.</summary>
    public static bool Avx512Vnni { get; } = Avx512BW.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
}
