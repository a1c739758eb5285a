using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.Intrinsics.X86;
using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using Xunit;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Core.Tests.Kernels.Gemm;

public sealed class EmittedCodeTests
{
    /// <summary>Code is written on any machine, also where it can't run.</summary>
    [Fact]
    public void Make_EveryLayoutAndForm_WritesATile()
    {
        Assert.SkipUnless(EmittedCode.IsSupported, "this machine forbids code made at run time");
        foreach (PackedLayout layout in PackedLayouts.All)
        {
            foreach (TileForm form in (TileForm[])[new(1, 12, 12), new(1, 7, 1), new(2, 6, 6), new(2, 11, 5)])
            {
                Assert.True(layout.Mins == 2 || VnniTileEmitter.Make(layout.Expanded, form) != 0, $"{layout}, {form}");
                Assert.True(!layout.IsEmitted || VnniTileEmitter.Make(layout, form) != 0, $"{layout}, {form}");
            }
        }
    }

    [Fact]
    public void Make_AnyCode_IsExecutableAndNotWritable()
    {
        Assert.SkipUnless(EmittedCode.IsSupported, "this machine forbids code made at run time");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the list of mappings is Linux's");
        nint entry = EmittedCode.Make(code => code.ret());
        string mapping = File.ReadLines("/proc/self/maps").Single(line => Holds(line, (ulong)entry));
        Assert.Equal("r-xp", mapping.Split(' ')[1]);
    }

    /// <summary>
    /// A function made for Windows is called as Windows would, from code that is called as here, and may spoil every vector.
    /// </summary>
    [Fact]
    public unsafe void Frame_OfWindows_KeepsTheCallersVectorsAndBringsTheArgument()
    {
        Assert.SkipUnless(EmittedCode.IsSupported && Avx.IsSupported, "this machine has no AVX, or forbids code made at run time");
        AssemblerRegisterXMM[] callers = [xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15];
        nint entry = EmittedCode.Make(code =>
        {
            Label function = code.CreateLabel();
            EmittedFrame.Enter(code, rcx);
            for (int i = 0; i < callers.Length; i++)
            {
                code.vmovups(callers[i], __xmmword_ptr[rcx + (16 * i)]);
            }

            // The pointer again, where only the callee-saved stack keeps it.
            code.push(rcx);
            code.call(function);
            code.pop(rcx);
            code.mov(__qword_ptr[rcx + (16 * callers.Length)], rax);
            for (int i = 0; i < callers.Length; i++)
            {
                code.vmovups(__xmmword_ptr[rcx + (16 * i)], callers[i]);
            }

            EmittedFrame.Leave(code);
            code.Label(ref function);
            EmittedFrame.Enter(code, r8, isWindows: true);
            code.mov(rax, r8);
            foreach (AssemblerRegisterXMM vector in callers)
            {
                code.vxorps(vector, vector, vector);
            }

            EmittedFrame.Leave(code, isWindows: true);
        });

        byte[] expected = new byte[16 * callers.Length];
        new Random(5).NextBytes(expected);
        byte[] bytes = [.. expected, .. new byte[sizeof(long)]];
        fixed (byte* memory = bytes)
        {
            ((delegate* unmanaged<byte*, void>)entry)(memory);
            Assert.Equal((long)memory, BitConverter.ToInt64(bytes, expected.Length));
        }

        Assert.Equal(expected, bytes[..expected.Length]);
    }

    [Fact]
    public void IsSupported_OtherThanX64_IsFalse()
    {
        Assert.SkipWhen(
            System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64,
            "this is x64");
        Assert.False(EmittedCode.IsSupported);
    }

    private static bool Holds(string mapping, ulong address)
    {
        string[] ends = mapping.Split(' ')[0].Split('-');
        return ulong.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address
            && address < ulong.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
