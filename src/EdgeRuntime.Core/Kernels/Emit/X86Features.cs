using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Instructions that .NET has no class for. Each needs a set of .NET's too, whose IsSupported says that the system saves the registers
/// and that the user has not switched the set off.
/// </summary>
internal static class X86Features
{
    /// <summary>vcvtph2ps on 256 bits, beside AVX2 and FMA. CPUID leaf 1, ECX bit 29.</summary>
    public static bool F16c { get; } = Avx2.IsSupported && Fma.IsSupported && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0;

    /// <summary>vpdpbusd and vpdpwssd on 512 bits, beside AVX-512BW. CPUID leaf 7, subleaf 0, ECX bit 11.</summary>
    public static bool Avx512Vnni { get; } = Avx512BW.IsSupported && (Leaf7(0).Ecx & (1 << 11)) != 0;

    /// <summary>vdpbf16ps on 512 bits, beside AVX-512BW. CPUID leaf 7, subleaf 1, EAX bit 5.</summary>
    public static bool Avx512Bf16 { get; } = Avx512BW.IsSupported && (Leaf7(1).Eax & (1 << 5)) != 0;

    private static (int Eax, int Ebx, int Ecx, int Edx) Leaf7(int subleaf) =>
        X86Base.CpuId(0, 0).Eax >= 7 ? X86Base.CpuId(7, subleaf) : default;
}
