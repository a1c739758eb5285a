using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeRuntime.Files;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Gguf;

/// <summary>Changes the metadata of files.</summary>
/// <example>
/// <code>
/// File.Copy("model.gguf", "named.gguf");
/// GgufEditor.Set("named.gguf", [new GgufChange("general.name", "Mine")]);
/// using GgufFile file = GgufFile.Open("named.gguf");
/// Console.WriteLine(file.Metadata.GetString("general.name"));
/// </code>
/// </example>
public static class GgufEditor
{
    /// <summary>
    /// Changes keys of a file. If every new value takes as many bytes as the present one, they are written in place; otherwise a new file
    /// replaces the old one when it is complete. Of a split model, only the named file changes.
    /// </summary>
    /// <param name="path">The path of the file. No model that is open may use it.</param>
    /// <param name="changes">The changes. Nothing is written unless all are valid.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <returns>Whether the values were written in place.</returns>
    /// <exception cref="ArgumentException">A key can't be changed, or a text is no value of its type.</exception>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="IOException">The file can't be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled; the file is unchanged.</exception>
    public static bool Set(
        string path,
        IReadOnlyList<GgufChange> changes,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(changes);
        List<(GgufValue Place, byte[] Bytes)> inPlace = [];
        using (var file = new GgufPartReader(path))
        {
            OrderedDictionary<string, object?> values = Parse(changes, file.Metadata);
            foreach ((string key, object? value) in values)
            {
                if (value is null || !file.Metadata.Contains(key) || !Fits(file.Metadata.Find(key), value, out byte[] bytes))
                {
                    Rewrite(path, file, values, progress, cancellationToken);
                    return false;
                }

                inPlace.Add((file.Metadata.Find(key), bytes));
            }
        }

        WriteInPlace(path, inPlace);
        return true;
    }

    private static OrderedDictionary<string, object?> Parse(IReadOnlyList<GgufChange> changes, GgufMetadata metadata)
    {
        var values = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (GgufChange change in changes)
        {
            if (!values.TryAdd(change.Key, change.Parse(metadata)))
            {
                throw new ArgumentException($"key {GgufText.Quote(change.Key)}: found twice, expected once", nameof(changes));
            }
        }

        return values;
    }

    /// <summary>Gets the bytes of a value if they can replace those of the present one.</summary>
    private static bool Fits(GgufValue present, object value, out byte[] bytes)
    {
        bytes = value switch
        {
            string text => Encoding.UTF8.GetBytes(text),
            Array => [],
            bool flag => [flag ? (byte)1 : (byte)0],
            byte number => [number],
            sbyte number => [(byte)number],
            ushort number => BitConverter.GetBytes(number),
            short number => BitConverter.GetBytes(number),
            uint number => BitConverter.GetBytes(number),
            int number => BitConverter.GetBytes(number),
            ulong number => BitConverter.GetBytes(number),
            long number => BitConverter.GetBytes(number),
            float number => BitConverter.GetBytes(number),
            _ => BitConverter.GetBytes((double)value),
        };
        return value is not Array && present.Shape.Type == GgufValueTypes.Of(value.GetType()) && bytes.Length == present.ByteLength;
    }

    private static void WriteInPlace(string path, List<(GgufValue Place, byte[] Bytes)> values)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.None);
        foreach ((GgufValue place, byte[] bytes) in values)
        {
            RandomAccess.Write(file, bytes, place.Offset);
        }

        RandomAccess.FlushToDisk(file);
    }

    private static void Rewrite(
        string path,
        GgufPartReader source,
        OrderedDictionary<string, object?> values,
        IProgress<float>? progress,
        CancellationToken cancellationToken)
    {
        using FileReplacement file = FileReplacement.OfUser(path);
        GgufCopy.Fill(file, buffer => GgufCopy.Write(
            buffer,
            source.Part.Alignment,
            writer => AddKeys(writer, source.Metadata, values),
            source.Tensors,
            GgufCopy.Count(source.Tensors.Sum(static tensor => tensor.ByteLength), progress),
            cancellationToken));
        file.Commit();
    }

    /// <summary>Adds the keys with their new values, in the present order, and then the new ones.</summary>
    private static void AddKeys(GgufWriter writer, GgufMetadata metadata, OrderedDictionary<string, object?> values)
    {
        foreach (string key in metadata.Keys.Where(static key => key != GgufPartReader.AlignmentKey))
        {
            if (!values.TryGetValue(key, out object? value))
            {
                writer.CopyKey(metadata, key);
            }
            else if (value is not null)
            {
                writer.AddKey(key, value);
            }
        }

        foreach ((string key, object? value) in values.Where(pair => pair.Value is not null && !metadata.Contains(pair.Key)))
        {
            writer.AddKey(key, value!);
        }
    }
}
