using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>A .gguf file of a list: a repository of a hub, or a folder.</summary>
/// <param name="Path">The path relative to the top of the list.</param>
/// <param name="Size">The number of bytes.</param>
/// <param name="Sha256">The checksum in hexadecimal, or null.</param>
internal sealed record ModelFile(string Path, long Size, string? Sha256 = null)
{
    /// <summary>Gets whether only a part of the file is present, because its download was interrupted.</summary>
    public bool IsInterrupted { get; init; }
}

/// <summary>The files of one model: one, or the parts of a split model that are present, in order.</summary>
/// <param name="Name">The path of the only file or of the first part, without the number of the part and the extension.</param>
/// <param name="PartCount">The number of files of the whole model.</param>
/// <param name="Parts">The files that are present, at least in part.</param>
internal sealed record ModelFiles(string Name, int PartCount, IReadOnlyList<ModelFile> Parts)
{
    /// <summary>Gets the number of files that are present as a whole.</summary>
    public int WholeCount => Parts.Count(static part => !part.IsInterrupted);

    public bool IsComplete => WholeCount == PartCount;

    /// <summary>Gets the paths of all files of the whole model.</summary>
    public IEnumerable<string> Paths => SplitName.Parse(Parts[0].Path) is { IsValid: true } part
        ? Enumerable.Range(1, PartCount).Select(part.PathOf)
        : Parts.Select(static file => file.Path);

    public long Size => Parts.Sum(static part => part.Size);

    /// <summary>Groups the files of a list by model, in the order of the names.</summary>
    public static IReadOnlyList<ModelFiles> Group(IEnumerable<ModelFile> files) =>
    [
        .. files.GroupBy(static file => NameOf(file.Path))
            .Select(static group => new ModelFiles(
                group.Key.Name, group.Key.Count, [.. group.OrderBy(static file => file.Path, StringComparer.Ordinal)]))
            .OrderBy(static model => model.Name, StringComparer.Ordinal),
    ];

    private static (string Name, int Count) NameOf(string path) =>
        SplitName.Parse(path) is { IsValid: true } part ? (part.Prefix, part.Count) : (path[..^ModelFileName.Extension.Length], 1);
}
