using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Makes a model file whose tensors have other types.</summary>
/// <example>
/// <code>
/// var options = new QuantizationOptions { Mix = QuantizationMix.Find("Q4_K_M"), AllowRequantize = true };
/// QuantizationPlan plan = ModelQuantizer.Run("model.gguf", "model-Q4_K_M.gguf", options);
/// Console.WriteLine($"{plan.OldBytes} bytes became {plan.NewBytes}");
/// </code>
/// </example>
public static class ModelQuantizer
{
    private const string FileTypeKey = "general.file_type";
    private const string VersionKey = "general.quantization_version";
    private const string ImportanceKeys = "quantize.imatrix.";
    private const uint Version = 2; // of the blocks; ggml.h: GGML_QNT_VERSION

    /// <summary>
    /// Makes a file. It has its name only when it is complete: after an error or a cancellation, nothing is left of it. Memory stays
    /// below 1 GB, whatever the size of the model.
    /// </summary>
    /// <param name="input">The path of the model; of any of its files if it is split.</param>
    /// <param name="output">
    /// The path of the new file. With <see cref="QuantizationOptions.KeepSplit"/>, files of a split model get their numbers before the
    /// extension.
    /// </param>
    /// <param name="options">The file type and the exceptions from it.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <returns>What was made of each tensor.</returns>
    /// <exception cref="ArgumentException">
    /// The plan has a problem (<see cref="QuantizationPlan.Problems"/>), a pattern is not a regular expression, or the output is a file of
    /// the input.
    /// </exception>
    /// <exception cref="ModelFormatException">The input is damaged, or a weight is not finite or too large for its type.</exception>
    /// <exception cref="IOException">A file can't be read or written, or the output exists.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file is denied.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static QuantizationPlan Run(
        string input,
        string output,
        QuantizationOptions options,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(input);
        ArgumentException.ThrowIfNullOrEmpty(output);
        using GgufFile source = GgufFile.Open(input);
        var plan = QuantizationPlan.Create(source, options);
        if (plan.Problems.Count > 0)
        {
            throw new ArgumentException(plan.Problems[0], nameof(options));
        }

        Dictionary<GgufPart, PlannedTensor[]> parts = plan.Tensors.GroupBy(static tensor => tensor.Source.Part)
            .ToDictionary(static group => group.Key, static group => group.ToArray());
        bool isSplit = options.KeepSplit && source.Parts.Count > 1;
        string[] paths = isSplit ? GgufSplit.PathsOf(output, source.Parts.Count) : [output];
        Action<long> count = GgufCopy.Count(plan.OldBytes, progress);
        void WriteFile(Stream file, int index)
        {
            IReadOnlyList<PlannedTensor> tensors = isSplit ? parts.GetValueOrDefault(source.Parts[index], []) : plan.Tensors;
            GgufWriter writer = CreateWriter(plan, options, file, isSplit ? index : null, paths.Length);
            Write(plan, tensors, writer, options.Threads, count, cancellationToken);
        }

        GgufCopy.WriteFiles(source, paths, options.Overwrite, WriteFile, cancellationToken);
        return plan;
    }

    private static void Write(
        QuantizationPlan plan,
        IReadOnlyList<PlannedTensor> tensors,
        GgufWriter writer,
        int threads,
        Action<long> progress,
        CancellationToken cancellationToken)
    {
        foreach (PlannedTensor tensor in tensors)
        {
            writer.AddTensor(tensor.Name, tensor.NewType, tensor.Dimensions);
        }

        using var quantizer = new RowQuantizer(writer, threads, progress, cancellationToken);
        foreach (PlannedTensor tensor in tensors)
        {
            quantizer.Write(tensor, plan.ImportanceOf(tensor));
        }

        quantizer.Wait();
        writer.Complete();
    }

    /// <summary>Creates the writer of a file. The first one has the keys of the model, and all parts have their numbers.</summary>
    private static GgufWriter CreateWriter(QuantizationPlan plan, QuantizationOptions options, Stream output, int? part, int parts)
    {
        var writer = new GgufWriter(output, plan.Source.Parts[part ?? 0].Alignment);
        if (part is null or 0)
        {
            AddKeys(plan, options, writer);
        }

        if (part is { } number)
        {
            GgufSplit.AddKeys(writer, number, parts, plan.Tensors.Count);
        }

        return writer;
    }

    private static void AddKeys(QuantizationPlan plan, QuantizationOptions options, GgufWriter writer)
    {
        ImportanceMatrix? importance = options.Importance;
        foreach (string key in plan.Source.Metadata.Keys)
        {
            bool isNew = key is FileTypeKey or VersionKey || GgufSplit.IsOfFile(key)
                || (importance is not null && key.StartsWith(ImportanceKeys, StringComparison.Ordinal));
            if (!isNew)
            {
                writer.CopyKey(plan.Source.Metadata, key);
            }
        }

        writer.AddKey(VersionKey, Version);
        writer.AddKey(FileTypeKey, (uint)plan.Mix.FileType);
        if (importance is null)
        {
            return;
        }

        writer.AddKey(ImportanceKeys + "file", options.ImportanceFile ?? "");
        if (importance.Datasets is [var first, ..])
        {
            writer.AddKey(ImportanceKeys + "dataset", first);
        }

        writer.AddKey(ImportanceKeys + "entries_count", (uint)importance.Tensors.Count);
        if (importance.ChunkCount > 0)
        {
            writer.AddKey(ImportanceKeys + "chunks_count", (uint)importance.ChunkCount);
        }
    }
}
