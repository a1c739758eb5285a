using System.Runtime.Intrinsics.X86;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Instructions that .NET has no class for. Each needs AVX-512BW too, whose IsSupported says that the system saves the registers
/// and that the user has not switched AVX-512 off.
/// </summary>
internal static class X86Features
{
    /// <summary>vpdpbusd and vpdpwssd on 512 bits. CPUID leaf 7, subleaf 0, ECX bit 11.</summary>
    public static bool Avx512Vnni { get; } = Avx512BW.IsSupported && (Leaf7(0).Ecx & (1 << 11)) != 0;

    /// <summary>vdpbf16ps on 512 bits. CPUID leaf 7, subleaf 1, EAX bit 5.</summary>
    public static bool Avx512Bf16 { get; } = Avx512BW.IsSupported && (Leaf7(1).Eax & (1 << 5)) != 0;

    private static (int Eax, int Ebx, int Ecx, int Edx) Leaf7(int subleaf) =>
        X86Base.CpuId(0, 0).Eax >= 7 ? X86Base.CpuId(7, subleaf) : default;
}
