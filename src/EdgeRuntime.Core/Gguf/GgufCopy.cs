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
    private const int BufferBytes = 1 << 16; // for keys and small tensors; large writes pass it

    /// <summary>Writes the files of a model. All of them appear when all are complete; after an error there is none.</summary>
    /// <param name="source">The model that is read, whose files are never written.</param>
    /// <param name="paths">The paths of the new files.</param>
    /// <param name="overwrite">Whether existing files are replaced.</param>
    /// <param name="write">Writes the content of the file with an index.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="ArgumentException">A path leads to a file of the source.</exception>
    public static void WriteFiles(
        GgufFile source, string[] paths, bool overwrite, Action<Stream, int> write, CancellationToken cancellationToken)
    {
        if (Array.Find(paths, source.IsPart) is { } same)
        {
            throw new ArgumentException($"{same}: is the input too, expected another file", nameof(paths));
        }

        var files = new List<FileReplacement>();
        try
        {
            for (int index = 0; index < paths.Length; index++)
            {
                files.Add(FileReplacement.OfUser(paths[index], mustBeNew: !overwrite));
                int part = index;
                Fill(files[^1], buffer => write(buffer, part));
            }

            cancellationToken.ThrowIfCancellationRequested();
            files.ForEach(static file => file.Commit());
        }
        finally
        {
            files.ForEach(static file => file.Dispose());
        }
    }

    /// <summary>Writes new content for a file through a buffer; nothing is visible before it is committed.</summary>
    public static void Fill(FileReplacement file, Action<Stream> write)
    {
        var buffer = new BufferedStream(file, BufferBytes); // not disposed: it would close the file
        write(buffer);
        buffer.Flush();
    }

    /// <summary>Writes a file with tensors of another one.</summary>
    /// <param name="file">Receives the bytes.</param>
    /// <param name="alignment">The alignment of tensors in bytes.</param>
    /// <param name="addKeys">Adds the keys.</param>
    /// <param name="tensors">The tensors, in order.</param>
    /// <param name="progress">Receives the numbers of bytes that are done.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    public static void Write(
        Stream file,
        int alignment,
        Action<GgufWriter> addKeys,
        IReadOnlyList<GgufTensor> tensors,
        Action<long> progress,
        CancellationToken cancellationToken)
    {
        var writer = new GgufWriter(file, alignment);
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
