using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Files;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Export;

/// <summary>Writes the folder of a model: under a temporary name, then under its own.</summary>
internal static class FolderWriter
{
    /// <summary>The name of the file with the weights.</summary>
    public const string DataFile = "model.onnx.data";

    /// <summary>Writes a folder.</summary>
    /// <param name="folder">The new folder; an empty one is replaced.</param>
    /// <param name="data">The weights.</param>
    /// <param name="files">The names and contents of the other files.</param>
    /// <param name="complete">Adds further files to the folder, whose path it receives.</param>
    /// <param name="progress">Receives the share that is written, or null.</param>
    /// <param name="cancellationToken">Stops writing; nothing remains.</param>
    /// <exception cref="FileException">The folder exists and is not empty, or a file cannot be written. Nothing remains.</exception>
    public static void Write(
        string folder,
        DataPlan data,
        IReadOnlyList<(string Name, byte[] Content)> files,
        Action<string> complete,
        IProgress<float>? progress,
        CancellationToken cancellationToken)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        RequireAbsent(folder, target);
        SizeLimitSignal.Ignore();
        string temporary = TemporaryName.For(target);
        try
        {
            Directory.CreateDirectory(temporary);
            using (var file = new DataFileWriter(Path.Combine(temporary, DataFile), data.Length))
            {
                data.Write(file, progress, cancellationToken);
                file.Flush();
            }

            foreach ((string name, byte[] content) in files)
            {
                File.WriteAllBytes(Path.Combine(temporary, name), content);
            }

            complete(temporary);
            if (Directory.Exists(target))
            {
                Directory.Delete(target); // it is empty
            }

            Directory.Move(temporary, target);
        }
        catch (Exception exception) when (FileException.IsRefusal(exception))
        {
            throw FileException.From(folder, exception);
        }
        finally
        {
            Remove(temporary);
        }
    }

    private static void RequireAbsent(string folder, string target)
    {
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
        {
            throw new FileException(folder, "exists already, and is not an empty folder; name another one");
        }
    }

    private static void Remove(string temporary)
    {
        try
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It cannot be deleted now. The error that led here is more useful than this one.
        }
    }
}
