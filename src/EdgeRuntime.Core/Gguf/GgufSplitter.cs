using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;

namespace EdgeRuntime.Gguf;

/// <summary>Specifies how <see cref="GgufSplitter.Split"/> divides a model.</summary>
public sealed record GgufSplitOptions
{
    /// <summary>Gets the largest number of bytes of tensors of a file; null, the default, for no limit.</summary>
    public long? MaxBytes { get; init => field = OptionCheck.Require(value, value is null or > 0, "at least 1"); }

    /// <summary>Gets the largest number of tensors of a file; null, the default, for no limit.</summary>
    public int? MaxTensors { get; init => field = OptionCheck.Require(value, value is null or > 0, "at least 1"); }

    /// <summary>Gets a value indicating whether existing files are replaced.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>
/// Divides a model into files with llama.cpp's names, PREFIX-00001-of-0000N.gguf, and joins such files. New files appear when all are
/// complete.
/// </summary>
/// <example>
/// <code>
/// foreach (string part in GgufSplitter.Split("model.gguf", "parts.gguf", new GgufSplitOptions { MaxTensors = 200 }))
/// {
///     Console.WriteLine(part);
/// }
///
/// GgufSplitter.Merge("parts-00001-of-00002.gguf", "whole.gguf");
/// </code>
/// </example>
public static class GgufSplitter
{
    /// <summary>Divides a model. The first file has its metadata. A tensor is not divided, even if it is larger than the limit.</summary>
    /// <param name="input">The path of the model; of any of its files if it is split.</param>
    /// <param name="output">The path of the model without the numbers, which come before the extension.</param>
    /// <param name="options">The limits.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <returns>The paths of the files, in order.</returns>
    /// <exception cref="ArgumentException">The limits lead to too many files, or an output is a file of the input.</exception>
    /// <exception cref="ModelFormatException">The model is damaged or incomplete.</exception>
    /// <exception cref="IOException">A file can't be read or written, or an output exists.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file is denied.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<string> Split(
        string input,
        string output,
        GgufSplitOptions options,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(output);
        ArgumentNullException.ThrowIfNull(options);
        using GgufFile source = OpenWhole(input);
        List<List<GgufTensor>> groups = Divide(source.Tensors, options);
        if (groups.Count > GgufLimits.MaxParts)
        {
            throw new ArgumentException(
                $"the limits lead to {groups.Count} files, expected at most {GgufLimits.MaxParts}; allow larger files", nameof(options));
        }

        string[] paths = GgufSplit.PathsOf(output, groups.Count);
        Write(
            source,
            paths,
            options.Overwrite,
            progress,
            (writer, index) =>
            {
                if (index == 0)
                {
                    GgufCopy.AddModelKeys(writer, source.Metadata);
                }

                GgufSplit.AddKeys(writer, index, groups.Count, source.Tensors.Count);
            },
            index => groups[index],
            cancellationToken);
        return paths;
    }

    /// <summary>Joins the files of a model.</summary>
    /// <param name="input">The path of any of its files.</param>
    /// <param name="output">The path of the new file.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="ArgumentException">The output is a file of the input.</exception>
    /// <inheritdoc cref="Split" path="/exception[not(@cref='T:System.ArgumentException')]"/>
    public static void Merge(
        string input,
        string output,
        bool overwrite = false,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(output);
        using GgufFile source = OpenWhole(input);
        Write(
            source,
            [output],
            overwrite,
            progress,
            (writer, _) => GgufCopy.AddModelKeys(writer, source.Metadata),
            _ => source.Tensors,
            cancellationToken);
    }

    private static GgufFile OpenWhole(string path)
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            file.RequireComplete();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Divides tensors in their order; there is at least one group.</summary>
    private static List<List<GgufTensor>> Divide(IReadOnlyList<GgufTensor> tensors, GgufSplitOptions options)
    {
        List<List<GgufTensor>> groups = [[]];
        long bytes = 0;
        foreach (GgufTensor tensor in tensors)
        {
            bool isFull = groups[^1].Count == options.MaxTensors || bytes + tensor.ByteLength > options.MaxBytes;
            if (isFull && groups[^1].Count > 0)
            {
                groups.Add([]);
                bytes = 0;
            }

            groups[^1].Add(tensor);
            bytes += tensor.ByteLength;
        }

        return groups;
    }

    private static void Write(
        GgufFile source,
        string[] paths,
        bool overwrite,
        IProgress<float>? progress,
        Action<GgufWriter, int> addKeys,
        Func<int, IReadOnlyList<GgufTensor>> tensors,
        CancellationToken cancellationToken)
    {
        Action<long> count = GgufCopy.Count(source.Tensors.Sum(static tensor => tensor.ByteLength), progress);
        GgufCopy.WriteFiles(
            source,
            paths,
            overwrite,
            (file, index) => GgufCopy.Write(
                file, source.Parts[0].Alignment, writer => addKeys(writer, index), tensors(index), count, cancellationToken),
            cancellationToken);
    }
}
