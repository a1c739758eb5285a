using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Files;

namespace EdgeRuntime.Gguf;

/// <summary>Writes files that have the keys and tensors of other files.</summary>
internal static class GgufCopy
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes new content for a file; nothing is visible before it is committed.</summary>
    /// <param name="file">The file.</param>
    /// <param name="alignment">The alignment of tensors in bytes.</param>
    /// <param name="addKeys">Adds the keys.</param>
    /// <param name="tensors">The tensors, in order.</param>
    /// <param name="progress">Receives the numbers of bytes that are done.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    public static void Write(
        FileReplacement file,
        int alignment,
        Action<GgufWriter> addKeys,
        IReadOnlyList<GgufTensor> tensors,
        Action<long> progress,
        CancellationToken cancellationToken)
    {
        var buffer = new BufferedStream(file, BufferBytes); // not disposed: it would close the file
        var writer = new GgufWriter(buffer, alignment);
        addKeys(writer);
        foreach (GgufTensor tensor in tensors)
        {
            writer.AddTensor(tensor.Name, tensor.Type, tensor.UsedDimensions);
        }

        foreach (GgufTensor tensor in tensors)
        {
            cancellationToken.ThrowIfCancellationRequested();
            writer.CopyData(tensor);
            progress(tensor.ByteLength);
        }

        writer.Complete();
        buffer.Flush();
    }

    /// <summary>Adds the keys of a model, without those that are about one of its files.</summary>
    public static void AddModelKeys(GgufWriter writer, GgufMetadata metadata)
    {
        foreach (string key in metadata.Keys.Where(static key => !GgufSplit.IsOfFile(key)))
        {
            writer.CopyKey(metadata, key);
        }
    }

    /// <summary>Creates a counter of bytes that reports the share of them.</summary>
    public static Action<long> Count(long total, IProgress<float>? progress)
    {
        long done = 0;
        return bytes => progress?.Report((float)((double)(done += bytes) / Math.Max(total, 1)));
    }
}
