using System;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// The prologue and epilogue of an emitted function that takes one pointer and calls nothing. It uses only registers that are
/// volatile in both calling conventions (rax, rcx, rdx, r8 to r11, masks) and all vectors; on Windows xmm6 to xmm15 are saved.
/// </summary>
internal static class EmittedFrame
{
    private const int VectorBytes = 16;

    private static readonly AssemblerRegisterXMM[] s_savedOnWindows = [xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>Bytes of the saved registers; with the return address a multiple of 16.</summary>
    private static int SavedBytes => (VectorBytes * s_savedOnWindows.Length) + 8;

    /// <summary>Saves the caller's registers and moves the pointer into a register of the function's choice.</summary>
    /// <param name="code">The assembler that instructions are added to.</param>
    /// <param name="argument">The register.</param>
    /// <param name="isWindows">Whether the calling convention is that of Windows; null for that of this system.</param>
    public static void Enter(Assembler code, AssemblerRegister64 argument, bool? isWindows = null)
    {
        bool windows = isWindows ?? OperatingSystem.IsWindows();
        if (windows)
        {
            code.sub(rsp, SavedBytes);
            for (int i = 0; i < s_savedOnWindows.Length; i++)
            {
                code.vmovups(__xmmword_ptr[rsp + (VectorBytes * i)], s_savedOnWindows[i]);
            }
        }

        code.mov(argument, windows ? rcx : rdi);
    }

    /// <summary>Restores the caller's registers and returns. The upper halves are cleared: they would slow SSE code.</summary>
    public static void Leave(Assembler code, bool? isWindows = null)
    {
        code.vzeroupper();
        if (isWindows ?? OperatingSystem.IsWindows())
        {
            for (int i = 0; i < s_savedOnWindows.Length; i++)
            {
                code.vmovups(s_savedOnWindows[i], __xmmword_ptr[rsp + (VectorBytes * i)]);
            }

            code.add(rsp, SavedBytes);
        }

        code.ret();
    }
}
