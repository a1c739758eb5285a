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
/// its checksum. Files that are unchanged since their checksum was computed, by times that no program can set, are not read for it. The
/// folder is written under a temporary name and then renamed. Owns nothing.
/// </summary>
internal sealed class CachedFolder
{
    private readonly CacheKey _key;
    private readonly GgufFile _model;
    private ulong? _modelHash;

    /// <param name="cache">The folder of the cache.</param>
    /// <param name="key">What the folder is for.</param>
    /// <param name="model">The model; not owned.</param>
    public CachedFolder(string cache, CacheKey key, GgufFile model)
    {
        (_key, _model) = (key, model);
        Path = System.IO.Path.Combine(System.IO.Path.GetFullPath(cache), key.FolderName);
    }

    /// <summary>Gets the path of the folder.</summary>
    public string Path { get; }

    /// <summary>Gets whether the folder was checked together with the built-in engine.</summary>
    /// <returns>False also if its manifest can't be read.</returns>
    public bool IsSplitChecked()
    {
        try
        {
            return CacheManifest.Read(Path).IsSplitChecked;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Remembers that the folder was checked together with the built-in engine.</summary>
    public void RememberSplitCheck()
    {
        try
        {
            Remember(CacheManifest.Read(Path) with { IsSplitChecked = true });
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // The next start checks it again.
        }
    }

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
            using TemporaryFolder temporary = TemporaryFolder.Beside(Path);
            FileIdentity[] parts = PartIdentities();
            ulong hash = HashModel(cancellationToken);
            export(temporary.Content);
            check(temporary.Content);
            CacheFile[] files = ReadFiles(
                temporary.Content, new DirectoryInfo(temporary.Content).EnumerateFiles().Select(static file => file.Name), [],
                cancellationToken);
            var manifest = new CacheManifest(_key.ModelPath, hash, parts, _key.Runtime.ToString(), _key.ProfileText, files);
            manifest.Write(temporary.Content);
            OnnxCache.Delete(Path);
            Directory.Move(temporary.Content, Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw FileException.From(Path, exception);
        }
    }

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

    /// <summary>Requires that the manifest is for this model and device, and that all files have their checksums.</summary>
    private void Check(CacheManifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.Runtime != _key.Runtime.ToString() || manifest.Profile != _key.ProfileText || manifest.ModelPath != _key.ModelPath)
        {
            throw new InvalidDataException("it is for another model, device or version of ONNX Runtime");
        }

        FileIdentity[] parts = PartIdentities();
        if (!manifest.Parts.SequenceEqual(_model.Files.Select(static part => part.Identity))
            && manifest.ModelHash != HashModel(cancellationToken))
        {
            throw new InvalidDataException("the model has changed");
        }

        CacheFile[] files = ReadFiles(Path, manifest.Files.Select(static file => file.Name), manifest.Files, cancellationToken);
        CacheFile? damaged = manifest.Files.Zip(files).FirstOrDefault(
            static pair => (pair.First.Bytes, pair.First.Checksum) != (pair.Second.Bytes, pair.Second.Checksum)).First;
        if (damaged is not null || files.Length == 0)
        {
            throw new InvalidDataException($"its file {damaged?.Name} is damaged");
        }

        if (!files.SequenceEqual(manifest.Files) || !parts.SequenceEqual(manifest.Parts))
        {
            Remember(manifest with { Parts = parts, Files = files });
        }
    }

    /// <summary>Writes a manifest with identities that are known now, so that the next start need not read the files.</summary>
    private void Remember(CacheManifest manifest)
    {
        try
        {
            manifest.Write(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next start reads the files again, for example those of a folder that can't be written.
        }
    }

    /// <summary>Gets the lengths and checksums of files. Those that are known to be unchanged are not read.</summary>
    private static CacheFile[] ReadFiles(
        string folder, IEnumerable<string> names, IReadOnlyList<CacheFile> known, CancellationToken cancellationToken)
    {
        var files = new List<(string Name, ReadableFile File)>();
        try
        {
            files.AddRange(names.Select(name => (name, new ReadableFile(System.IO.Path.Combine(folder, name)))));
            CacheFile?[] same = [.. files.Select(entry => known.FirstOrDefault(
                file => file.Name == entry.Name && file.Identity != default && file.Identity == entry.File.Identity))];
            ReadableFile[] unread = [.. files.Where((_, i) => same[i] is null).Select(static entry => entry.File)];
            var checksums = new Queue<ulong>(unread.Length == 0 ? [] : OnThreads(team => ChunkChecksums.Compute(
                team, [.. unread.Select(static file => Region.Of(file, 0, file.ByteLength))], cancellationToken)));
            return [.. files.Select((entry, i) => same[i]
                ?? new CacheFile(entry.Name, entry.File.ByteLength, checksums.Dequeue(), Reliable(entry.File.Identity)))];
        }
        finally
        {
            files.ForEach(static entry => entry.File.Dispose());
        }
    }

    private static FileIdentity Reliable(FileIdentity identity) => identity.IsReliable ? identity : default;

    private FileIdentity[] PartIdentities() => [.. _model.Files.Select(static part => Reliable(part.Identity))];

    private ulong HashModel(CancellationToken cancellationToken) =>
        _modelHash ??= OnThreads(team => ChunkChecksums.OfModel(team, _model, cancellationToken));
}
