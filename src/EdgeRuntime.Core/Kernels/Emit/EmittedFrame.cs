using System;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Begin and end of an emitted function that takes one pointer, calls nothing, and uses only registers that both calling conventions leave to
/// the callee: rax, rcx, rdx, r8 to r11, masks and vectors. Of these, xmm6 to xmm15 belong to the caller on Windows and are kept here.
/// </summary>
internal static class EmittedFrame
{
    private const int VectorBytes = 16;

    private static readonly AssemblerRegisterXMM[] s_savedOnWindows =
        [xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];

    /// <summary>With the return address a multiple of 16.</summary>
    private static int SavedBytes => (VectorBytes * s_savedOnWindows.Length) + 8;

    /// <summary>Saves what the caller owns and brings the pointer into a register of the function's choice.</summary>
    public static void Enter(Assembler code, AssemblerRegister64 argument) => Enter(code, argument, OperatingSystem.IsWindows());

    /// <inheritdoc cref="Enter(Assembler, AssemblerRegister64)"/>
    public static void Enter(Assembler code, AssemblerRegister64 argument, bool windows)
    {
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

    /// <summary>Gives back what the caller owns and returns. No upper halves stay behind: they would slow SSE code.</summary>
    public static void Leave(Assembler code) => Leave(code, OperatingSystem.IsWindows());

    /// <inheritdoc cref="Leave(Assembler)"/>
    public static void Leave(Assembler code, bool windows)
    {
        code.vzeroupper();
        if (windows)
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
