using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;
using EdgeRuntime.Memory;
using EdgeRuntime.SideCar;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Onnx.Cache;

/// <summary>
/// The cached ONNX folder of one model and device. It is used only if it was made of the present content of the model and every file has
/// its checksum. It is written under a temporary name and then renamed. Owns nothing.
/// </summary>
internal sealed class CachedFolder
{
    private const string TemporarySuffix = ".edgert-tmp";
    private const string LockFile = "writing";

    private readonly CacheKey _key;
    private readonly GgufFile _model;
    private readonly string _cache;

    /// <param name="cache">The folder of the cache.</param>
    /// <param name="key">What the folder is for.</param>
    /// <param name="model">The model; not owned.</param>
    public CachedFolder(string cache, CacheKey key, GgufFile model)
    {
        (_cache, _key, _model) = (System.IO.Path.GetFullPath(cache), key, model);
        Path = System.IO.Path.Combine(_cache, key.FolderName);
    }

    /// <summary>Gets the path of the folder.</summary>
    public string Path { get; }

    /// <summary>Gets the reason why the folder can't be used; null if it can.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string? FindProblem(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Path))
        {
            return "there is none";
        }

        try
        {
            Check(CacheManifest.Read(Path), cancellationToken);
            Directory.SetLastWriteTimeUtc(Path, DateTime.UtcNow);
            return null;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return FileException.Describe(Path, exception);
        }
    }

    /// <summary>Writes the folder anew.</summary>
    /// <param name="export">Writes the files of a folder.</param>
    /// <param name="check">Checks a written folder, which is deleted if this throws.</param>
    /// <param name="cancellationToken">Cancels the work; nothing remains.</param>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Write(Action<string> export, Action<string> check, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(_cache);
            DeleteLeftovers();
            string temporary = $"{Path}.{Guid.NewGuid():n}{TemporarySuffix}";
            string content = System.IO.Path.Combine(temporary, "content");
            Directory.CreateDirectory(temporary);
            try
            {
                using FileStream writing = Lock(temporary);
                ulong hash = HashModel(cancellationToken);
                export(content);
                check(content);
                Describe(content, hash, cancellationToken).Write(content);
                OnnxCache.Delete(Path);
                Directory.Move(content, Path);
            }
            finally
            {
                OnnxCache.Delete(temporary);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileException.From(Path, exception);
        }
    }

    private static FileStream Lock(string folder) => new(
        System.IO.Path.Combine(folder, LockFile), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);

    private static T OnThreads<T>(Func<WorkerPool, T> work)
    {
        WorkerPool team = SharedWorkerPool.Rent(ProcessorTopology.PhysicalCores);
        try
        {
            return work(team);
        }
        finally
        {
            SharedWorkerPool.Return(team);
        }
    }

    /// <summary>Deletes folders that killed processes left. Those of living ones have a locked file.</summary>
    private void DeleteLeftovers()
    {
        foreach (string folder in Directory.EnumerateDirectories(_cache, "*" + TemporarySuffix).ToArray())
        {
            try
            {
                Lock(folder).Dispose();
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It is being written, or belongs to another user.
            }
        }
    }

    private void Check(CacheManifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.Runtime != _key.Runtime.ToString() || manifest.Profile != _key.ProfileText || manifest.ModelPath != _key.ModelPath)
        {
            throw new InvalidDataException("it is for another model, device or version of ONNX Runtime");
        }

        bool isSameFile = manifest.Parts.SequenceEqual(_model.Files.Select(static part => part.Identity));
        if (!isSameFile && manifest.ModelHash != HashModel(cancellationToken))
        {
            throw new InvalidDataException("the model has changed");
        }

        CacheFile[] files = ReadFiles([.. manifest.Files.Select(static file => file.Name)], cancellationToken);
        CacheFile? damaged = manifest.Files.Except(files).FirstOrDefault();
        if (damaged is not null || files.Length == 0)
        {
            throw new InvalidDataException($"its file {damaged?.Name} is damaged");
        }
    }

    private CacheManifest Describe(string folder, ulong modelHash, CancellationToken cancellationToken)
    {
        string[] names = [.. new DirectoryInfo(folder).EnumerateFiles().Select(static file => file.Name)];
        FileIdentity[] parts = [.. _model.Files.Select(static part => part.Identity.IsReliable ? part.Identity : default)];
        return new CacheManifest(
            _key.ModelPath, modelHash, parts, _key.Runtime.ToString(), _key.ProfileText, ReadFiles(names, cancellationToken, folder));
    }

    private CacheFile[] ReadFiles(string[] names, CancellationToken cancellationToken, string? folder = null)
    {
        var files = new List<ReadableFile>();
        try
        {
            files.AddRange(names.Select(name => new ReadableFile(System.IO.Path.Combine(folder ?? Path, name))));
            ulong[] checksums = OnThreads(team => ChunkChecksums.Compute(
                team, [.. files.Select(static file => Region.Of(file, 0, file.ByteLength))], cancellationToken));
            return [.. names.Select((name, i) => new CacheFile(name, files[i].ByteLength, checksums[i]))];
        }
        finally
        {
            files.ForEach(static file => file.Dispose());
        }
    }

    private ulong HashModel(CancellationToken cancellationToken) =>
        OnThreads(team => ChunkChecksums.OfModel(team, _model, cancellationToken));
}
