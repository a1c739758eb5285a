using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Core.Tests.Kernels.Attention;

/// <summary>Arrays that stay where they are until disposal.</summary>
internal sealed unsafe class PinnedArrays : IDisposable
{
    private readonly List<GCHandle> _handles = [];

    public float* Pin(float[] array)
    {
        GCHandle handle = GCHandle.Alloc(array, GCHandleType.Pinned);
        _handles.Add(handle);
        return (float*)handle.AddrOfPinnedObject();
    }

    public void Dispose()
    {
        foreach (GCHandle handle in _handles)
        {
            handle.Free();
        }
    }
}
