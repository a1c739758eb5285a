using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Models;

/// <summary>Tells from the headers of a model's files whether the model will run and fit on this machine.</summary>
/// <param name="Summary">One line about a model without problems.</param>
/// <param name="Problems">One line for each reason against the download.</param>
internal sealed record ModelPreview(string Summary, IReadOnlyList<string> Problems)
{
    /// <summary>Reads the headers of a model.</summary>
    /// <param name="downloads">The files of the model, in order.</param>
    /// <param name="headers">Their headers.</param>
    /// <param name="architecture">The architecture that the model is expected to have; null for any.</param>
    public static ModelPreview Read(IReadOnlyList<Download> downloads, IReadOnlyList<GgufHeader> headers, string? architecture)
    {
        try
        {
            using GgufFile file = GgufFile.OpenHeaders(headers);
            return Read(downloads, file, architecture);
        }
        catch (ModelFormatException exception)
        {
            return new ModelPreview("", [ModelFacts.WithoutPath(exception.Message, downloads[0].Source)]);
        }
    }

    private static ModelPreview Read(IReadOnlyList<Download> downloads, GgufFile file, string? architecture)
    {
        var problems = new List<string>();
        string disk = JudgeDisk(downloads, file, problems);

        // An inspection allocates in proportion to the tensors that the header claims, so their sum comes first.
        long bytes = file.Tensors.Sum(static tensor => tensor.ByteLength);
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > memory)
        {
            problems.Add($"the weights need {ByteText.Format(bytes)} of memory, and this machine has {ByteText.Format(memory)}");
            return new ModelPreview("", problems);
        }

        var facts = ModelFacts.Read(file, instructionSet: null);
        problems.AddRange(facts.Problems.Where(problem => problem != facts.MissingTokenizer));
        if (architecture is not null && architecture != facts.Inspection.Architecture)
        {
            problems.Add($"the catalogue says architecture '{architecture}', the file '{facts.Inspection.Architecture}'");
        }

        string name = Path.GetFileName(downloads[0].Target);
        string ids = facts.MissingTokenizer is { } missing ? $" on token ids, but not on text ({missing})" : "";
        string use = JudgeMemory(facts, memory, problems);
        return new ModelPreview($"{name}: {facts.Inspection.Architecture}, runs here{ids}; {disk}; {use}", problems);
    }

    /// <summary>Compares the files that are not there with the free space.</summary>
    private static string JudgeDisk(IReadOnlyList<Download> downloads, GgufFile file, List<string> problems)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(downloads[0].Target))!;
        long bytes = 0;
        long present = 0;
        foreach ((GgufPart part, Download download) in file.Parts.Zip(downloads).Where(static pair => !File.Exists(pair.Second.Target)))
        {
            bytes += Length(file, part, download);
            present += PartFile.LengthFor(download.Target);
        }

        long free = Downloader.FreeSpace(folder) + present;
        if (bytes > free)
        {
            problems.Add(
                $"{ByteText.Format(bytes)} are to download, and {ByteText.Format(free)} are free in {folder}; make room, or name another "
                + "folder with --output");
        }

        return $"{ByteText.Format(bytes)} to download, {ByteText.Format(free)} free";
    }

    /// <summary>Gets the length of a file: a server need not announce it, but the header tells where the last tensor ends.</summary>
    private static long Length(GgufFile file, GgufPart part, Download download) => download.Size
        ?? file.Tensors.Where(tensor => tensor.Part == part)
            .Select(static tensor => tensor.FileOffset + tensor.ByteLength).DefaultIfEmpty(part.DataOffset).Max();

    /// <summary>Compares weights and the KV cache of the default context with the memory of the machine.</summary>
    private static string JudgeMemory(ModelFacts facts, long memory, List<string> problems)
    {
        int context = Math.Min(facts.Inspection.ContextLength ?? int.MaxValue, SessionOptions.DefaultContextLength);
        long cache = facts.Inspection.KvCacheBytes(context, KvCacheType.F16, KvCacheType.F16) ?? 0;
        long needed = facts.WeightBytes + cache;
        string parts = $"weights {ByteText.Format(facts.WeightBytes)}, KV cache {ByteText.Format(cache)} for {context} tokens";
        if (needed > memory)
        {
            problems.Add(
                $"about {ByteText.Format(needed)} of memory are needed ({parts}), and this machine has {ByteText.Format(memory)}");
        }

        return $"about {ByteText.Format(needed)} of {ByteText.Format(memory)} memory ({parts})";
    }
}
