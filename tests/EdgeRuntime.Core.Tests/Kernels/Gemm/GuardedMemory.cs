using System;
using System.Runtime.InteropServices;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Gemm;

/// <summary>
/// Memory whose last byte lies before a page that may not be touched, so that a read or a write past the end ends the test run.
/// Where there is no mprotect the memory is plain, and only a write past the end is seen, by its canary.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int PageBytes = 1 << 16;
    private const byte Canary = 0xa5;
    private readonly byte* _pages;
    private readonly nuint _mapped;
    private readonly long _bytes;

    public GuardedMemory(long bytes)
    {
        _bytes = bytes;
        nuint usable = (nuint)((bytes + 64 + PageBytes - 1) / PageBytes * PageBytes);
        _mapped = usable + PageBytes;
        if (OperatingSystem.IsLinux())
        {
            _pages = (byte*)Mmap(0, _mapped, 3, 0x22, -1, 0);
            Assert.NotEqual(-1, (nint)_pages);
            Assert.Equal(0, Mprotect((nint)(_pages + usable), PageBytes, 0));
        }
        else
        {
            _pages = (byte*)NativeMemory.AlignedAlloc(_mapped, 64);
        }

        Pointer = _pages + usable - bytes;
        new Span<byte>(_pages, (int)(usable - (nuint)bytes)).Fill(Canary);
    }

    public byte* Pointer { get; }

    public Span<byte> Bytes => new(Pointer, (int)_bytes);

    /// <summary>Whether the 64 bytes in front are untouched.</summary>
    public bool FrontIsIntact => new Span<byte>(Pointer - 64, 64).IndexOfAnyExcept(Canary) < 0;

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Munmap((nint)_pages, _mapped);
        }
        else
        {
            NativeMemory.AlignedFree(_pages);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Mprotect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Munmap(nint address, nuint length);
}
