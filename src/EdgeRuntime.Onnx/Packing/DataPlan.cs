using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>
/// Plans the data file of a model, which several graphs share. Everything that is wanted twice, by key, is stored once. Nothing is read
/// before <see cref="Write"/>.
/// </summary>
internal sealed class DataPlan
{
    private const long Alignment = 4096; // so that a mapping of a tensor begins on a page

    private readonly List<IDataPart> _parts = [];
    private readonly Dictionary<object, object> _known = [];

    /// <summary>Gets the length of the file in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Gets the number of bytes of the parts, without what alignment adds.</summary>
    public long PartBytes { get; private set; }

    /// <summary>Reserves a range of the file.</summary>
    public DataRange Reserve(long bytes)
    {
        long offset = (Length + Alignment - 1) / Alignment * Alignment;
        Length = offset + bytes;
        PartBytes += bytes;
        return new DataRange(offset, bytes);
    }

    /// <summary>Gets the part of a key, and adds it at the first request.</summary>
    /// <param name="key">Equal for parts with the same content.</param>
    /// <param name="create">Reserves the ranges of a new part.</param>
    public T Get<T>(object key, Func<T> create)
        where T : class, IDataPart
    {
        if (_known.TryGetValue(key, out object? known))
        {
            return (T)known;
        }

        T part = create();
        _known.Add(key, part);
        _parts.Add(part);
        return part;
    }

    /// <summary>Writes all parts.</summary>
    /// <param name="target">Receives the content, <see cref="Length"/> bytes.</param>
    /// <param name="progress">Receives the share that is written, or null.</param>
    /// <param name="cancellationToken">Stops writing.</param>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Write(IDataTarget target, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        long done = 0;
        foreach (IDataPart part in _parts)
        {
            part.Write(
                target,
                bytes =>
                {
                    done += bytes;
                    progress?.Report((float)((double)done / PartBytes));
                },
                cancellationToken);
        }
    }
}
