using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Xunit;

namespace EdgeRuntime.TestSupport;

/// <summary>
/// Finds reference data by its path. Files of the repository (<c>models</c> and the archives in <c>tests/data</c>) come first, so that a
/// clone alone runs the same tests on the same bytes as a machine with more data. Then come those of the folder <c>shared</c> beside the
/// repository, or of the one that <c>EDGERUNTIME_SHARED</c> names. A path means the same content everywhere.
/// </summary>
internal static class SharedData
{
    /// <summary>
    /// The repository's root: the first folder above the test binary that holds <c>EdgeRuntime.sln</c>. The folder of the binary itself
    /// where there is none: an emulated run copies its binaries, with the archives that it needs, elsewhere.
    /// </summary>
    public static string Repository { get; } = FindRepository();

    private static string Shared { get; } =
        Environment.GetEnvironmentVariable("EDGERUNTIME_SHARED") ?? Path.GetFullPath(Path.Combine(Repository, "..", "shared"));

    /// <summary>Gets the full path of a file or folder of the reference data; skips the calling test where it is absent.</summary>
    /// <param name="relativePath">For example <c>conformance/split/stories260K-00001-of-00003.gguf</c>.</param>
    public static string Require(string relativePath)
    {
        string? path = Places(relativePath).FirstOrDefault();
        Assert.SkipWhen(path is null, Absent(Path.GetDirectoryName(relativePath)!));
        return path!;
    }

    /// <summary>
    /// Gets the full paths of the files of a folder, from the repository and from the shared data, one for each name; skips the calling
    /// test where there are none.
    /// </summary>
    public static IReadOnlyList<string> RequireFiles(string folder, string pattern)
    {
        string[] files =
            [.. Places(folder).SelectMany(place => Directory.GetFiles(place, pattern)).DistinctBy(Path.GetFileName).Order()];
        Assert.SkipWhen(files.Length == 0, Absent(folder));
        return files;
    }

    private static IEnumerable<string> Places(string relativePath)
    {
        string?[] places =
        [
            Path.Combine(Repository, relativePath),
            DataArchives.Find(Path.Combine(Repository, "tests", "data"), relativePath),
            Path.Combine(Shared, relativePath),
        ];
        return places.OfType<string>().Where(static place => File.Exists(place) || Directory.Exists(place));
    }

    // Without the file's name, because a run counts its skipped tests by reason.
    private static string Absent(string folder) => $"reference data absent from {Path.Combine(Shared, folder)} (set EDGERUNTIME_SHARED)";

    private static string FindRepository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "EdgeRuntime.sln")))
            {
                return folder;
            }
        }

        return AppContext.BaseDirectory;
    }
}
