using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Safetensors;

/// <summary>
/// Represents the open Safetensors files of a model folder: one file, or the files that <c>model.safetensors.index.json</c> lists.
/// </summary>
internal sealed class SafetensorsModel : IDisposable
{
    private const string IndexName = "model.safetensors.index.json";
    private const int MaxIndexBytes = 64 << 20;
    private const int MaxFiles = 1024;

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsTensor> _byName = new(StringComparer.Ordinal);

    private SafetensorsModel()
    {
    }

    /// <summary>Gets the tensors: the files in the order of their names, and the tensors of each in the order of theirs.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; private set; } = [];

    /// <summary>Opens the files of a folder.</summary>
    /// <exception cref="ModelFormatException">A file violates the format, or the files contradict the index.</exception>
    /// <exception cref="UnsupportedModelException">A tensor has a type that is not read.</exception>
    /// <exception cref="IOException">The folder has no Safetensors file, or a file cannot be read.</exception>
    public static SafetensorsModel Open(string folder)
    {
        var model = new SafetensorsModel();
        try
        {
            model.Add(folder);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor by name; null if there is none.</summary>
    public SafetensorsTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(static file => file.Dispose());

    private void Add(string folder)
    {
        string indexPath = Path.Join(folder, IndexName);
        Dictionary<string, string>? index = Path.Exists(indexPath) ? ReadIndex(indexPath) : null;
        string[] names = index is null ? FindFiles(folder) : [.. index.Values.Distinct().Order(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            var file = new SafetensorsFile(Path.Join(folder, name));
            _files.Add(file);
            foreach (SafetensorsTensor tensor in file.Tensors)
            {
                if (!_byName.TryAdd(tensor.Name, tensor))
                {
                    throw new ModelFormatException(
                        file.Path, -1, $"tensor \"{Printable.Shorten(tensor.Name)}\" is also in {_byName[tensor.Name].Path}");
                }
            }
        }

        Tensors = [.. _files.SelectMany(static file => file.Tensors)];
        if (index is not null)
        {
            CheckIndex(indexPath, index);
        }
    }

    private static string[] FindFiles(string folder)
    {
        string[] names = [.. Directory.EnumerateFiles(folder, "model*.safetensors").Select(static path => Path.GetFileName(path)!)];
        Array.Sort(names, StringComparer.Ordinal);
        return names.Length is > 0 and <= MaxFiles
            ? names
            : throw new FileNotFoundException(
                $"{folder}: found {names.Length} files model*.safetensors, expected 1 to {MaxFiles}; pickled files (.bin) are not read");
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        var files = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string tensor, JsonField file) in JsonField.Read(path, MaxIndexBytes)["weight_map"].Members())
        {
            // The index of a downloaded model must not name files elsewhere.
            string name = file.GetText();
            bool isPlain = name.EndsWith(".safetensors", StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':']) < 0;
            index[tensor] = isPlain ? name : throw file.Wrong("the name of a .safetensors file in the same folder");
            if (files.Add(name) && files.Count > MaxFiles)
            {
                throw file.Wrong($"at most {MaxFiles} files");
            }
        }

        return index.Count > 0
            ? index
            : throw new ModelFormatException(path, -1, "weight_map: found no tensors, expected those of the model");
    }

    private void CheckIndex(string path, Dictionary<string, string> index)
    {
        string? missing = index.Keys.FirstOrDefault(name => !_byName.ContainsKey(name));
        string? extra = missing is null ? _byName.Keys.FirstOrDefault(name => !index.ContainsKey(name)) : null;
        if ((missing ?? extra) is { } name)
        {
            string what = missing is null ? "is in a file and not in the index" : $"is in the index and not in {index[name]}";
            throw new ModelFormatException(path, -1, $"tensor \"{Printable.Shorten(name)}\" {what}; get all files again");
        }
    }
}
