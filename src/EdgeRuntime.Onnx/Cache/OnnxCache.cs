using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Files;
using EdgeRuntime.Onnx.Cache;

namespace EdgeRuntime.Onnx;

/// <summary>
/// The folder of converted models: one folder for each model, device and version of ONNX Runtime. Deleting one frees its disk space; the
/// next start on its device converts the model again.
/// </summary>
/// <example>
/// <code>
/// var cache = new OnnxCache();
/// Console.WriteLine($"{cache.List().Sum(entry => entry.ByteSize)} bytes of converted models in {cache.Folder}");
/// </code>
/// </example>
public sealed class OnnxCache
{
    private static readonly EnumerationOptions s_readable = new() { IgnoreInaccessible = true };

    /// <param name="folder">The path of the folder, or null for <see cref="DefaultFolder"/>. It need not exist.</param>
    public OnnxCache(string? folder = null) => Folder = System.IO.Path.GetFullPath(folder ?? DefaultFolder);

    /// <summary>Gets the default folder, in the data folder of the user.</summary>
    public static string DefaultFolder => UserData.GetFolder("onnx");

    /// <summary>Gets the full path of the folder.</summary>
    public string Folder { get; }

    /// <summary>Lists the converted models in the order of their names.</summary>
    /// <exception cref="IOException">The folder can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public IReadOnlyList<OnnxCacheEntry> List()
    {
        var folder = new DirectoryInfo(Folder);
        return !folder.Exists ? [] : [.. folder.EnumerateDirectories("*", s_readable)
            .Where(static entry => entry.LinkTarget is null)
            .OrderBy(static entry => entry.Name, StringComparer.Ordinal)
            .Select(Describe)];
    }

    /// <summary>Deletes a converted model.</summary>
    /// <param name="entry">An entry of <see cref="List"/>.</param>
    /// <exception cref="IOException">A file can't be deleted, for example because a program uses it (Windows).</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public void Remove(OnnxCacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        string path = System.IO.Path.Combine(Folder, entry.Name);
        if (entry.Name != System.IO.Path.GetFileName(path) || entry.Name is "" or "." or "..")
        {
            throw new ArgumentException($"{Printable.Shorten(entry.Name)} is no name of an entry", nameof(entry));
        }

        Delete(path);
    }

    /// <summary>Deletes a folder of a converted model, if it is there.</summary>
    /// <exception cref="IOException">A file can't be deleted.</exception>
    internal static void Delete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // It is deleted already.
        }
        catch (Exception exception) when (FileException.IsRefusal(exception))
        {
            throw FileException.From(path, exception);
        }
    }

    private static OnnxCacheEntry Describe(DirectoryInfo folder)
    {
        CacheManifest? manifest = null;
        try
        {
            manifest = CacheManifest.Read(folder.FullName);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // An entry without a readable manifest is listed all the same, so that it can be removed.
        }

        long bytes = folder.EnumerateFiles("*", s_readable).Sum(static file => file.Length);
        return new OnnxCacheEntry(folder.Name, manifest?.ModelPath, manifest?.Device, bytes, folder.LastWriteTimeUtc);
    }
}
