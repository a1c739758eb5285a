using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using Iced.Intel;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Makes machine code at run time, for instructions without .NET intrinsics. The code is written to a readable and writable
/// mapping, which then becomes readable and executable: no page is ever both writable and executable. The mapping lives as long
/// as the process.
/// </summary>
internal static unsafe partial class EmittedCode
{
    private const int ProtRead = 1, ProtWrite = 2, ProtExecute = 4;
    private const int PageReadWrite = 0x04, PageExecuteRead = 0x20, MemCommitReserve = 0x3000;

    private static readonly Lazy<bool> s_isSupported = new(Probe);

    /// <summary>Whether this process can make code: it is x64, the system is known, and its policy allows it.</summary>
    public static bool IsSupported => s_isSupported.Value;

    /// <summary>Assembles the instructions that <paramref name="write"/> adds; returns the entry point.</summary>
    /// <exception cref="Win32Exception">The system refuses the memory or the change of its protection.</exception>
    public static nint Make(Action<Assembler> write)
    {
        var assembler = new Assembler(64);
        write(assembler);
        using var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), rip: 0);
        return Load(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>Maps position-independent code; returns its first byte.</summary>
    private static nint Load(ReadOnlySpan<byte> code)
    {
        nuint length = (nuint)code.Length;
        if (OperatingSystem.IsWindows())
        {
            nint block = VirtualAlloc(0, length, MemCommitReserve, PageReadWrite);
            ThrowIf(block == 0, "VirtualAlloc");
            code.CopyTo(new Span<byte>((void*)block, code.Length));
            ThrowIf(VirtualProtect(block, length, PageExecuteRead, out _) == 0, "VirtualProtect");
            return block;
        }

        int privateAnonymous = OperatingSystem.IsMacOS() ? 0x1002 : 0x22;
        nint pages = Mmap(0, length, ProtRead | ProtWrite, privateAnonymous, -1, 0);
        ThrowIf(pages == -1, "mmap");
        code.CopyTo(new Span<byte>((void*)pages, code.Length));
        ThrowIf(Mprotect(pages, length, ProtRead | ProtExecute) != 0, "mprotect");
        return pages;
    }

    /// <summary>Makes and calls a function once.</summary>
    private static bool Probe()
    {
        bool knownSystem = OperatingSystem.IsLinux() || OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();
        if (!knownSystem || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return false;
        }

        try
        {
            // mov eax, 42; ret
            nint code = Load([0xb8, 42, 0, 0, 0, 0xc3]);
            return ((delegate* unmanaged<int>)code)() == 42;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static void ThrowIf(bool failed, string call)
    {
        if (failed)
        {
            int error = Marshal.GetLastPInvokeError();
            throw new Win32Exception(error, $"{call} refused memory for code made at run time: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Mprotect(nint address, nuint length, int protection);

    [LibraryImport("kernel32", EntryPoint = "VirtualAlloc", SetLastError = true)]
    private static partial nint VirtualAlloc(nint address, nuint length, int type, int protection);

    [LibraryImport("kernel32", EntryPoint = "VirtualProtect", SetLastError = true)]
    private static partial int VirtualProtect(nint address, nuint length, int protection, out int old);
}
