using System;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Receives the data of a model: a file or memory.</summary>
internal interface IDataTarget
{
    /// <summary>Writes values at an offset. Several threads may write to different places.</summary>
    /// <exception cref="System.IO.IOException">The file can't be written.</exception>
    void Write<T>(long offset, ReadOnlySpan<T> values)
        where T : unmanaged;
}
