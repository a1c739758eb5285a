using System;
using System.Threading;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Small content that is in memory, or computed when it is written.</summary>
/// <param name="range">The range of the file.</param>
/// <param name="values">Gives the bytes.</param>
internal sealed class ValuesPart(DataRange range, Func<byte[]> values) : IDataPart
{
    /// <summary>Gets the range of the file.</summary>
    public DataRange Range => range;

    public void Write(IDataTarget target, Action<long> written, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        target.Write<byte>(range.Offset, values());
        written(range.Length);
    }
}
