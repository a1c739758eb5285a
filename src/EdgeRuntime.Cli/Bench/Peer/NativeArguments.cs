using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>Native memory that holds the arguments of a call of llama.cpp. Owns it.</summary>
internal sealed class NativeArguments : IDisposable
{
    private readonly List<nint> _blocks = [];

    /// <summary>Copies values; the block ends with one whose bytes are all zero, which is how llama.cpp's lists end.</summary>
    public nint AddList<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        byte[] bytes = new byte[(values.Length + 1) * Unsafe.SizeOf<T>()];
        MemoryMarshal.AsBytes(values).CopyTo(bytes);
        return Add(bytes);
    }

    /// <summary>Copies text as UTF-8 that ends with a zero.</summary>
    public nint AddText(string text) => Add(Encoding.UTF8.GetBytes(text + '\0'));

    public void Dispose()
    {
        _blocks.ForEach(Marshal.FreeHGlobal);
        _blocks.Clear();
    }

    private nint Add(byte[] bytes)
    {
        nint block = Marshal.AllocHGlobal(bytes.Length);
        _blocks.Add(block);
        Marshal.Copy(bytes, 0, block, bytes.Length);
        return block;
    }
}
