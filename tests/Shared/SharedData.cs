using System;
using System.IO;
using Xunit;

namespace EdgeRuntime.TestSupport;

/// <summary>Finds the reference data (<c>../shared</c> beside the repository, or <c>EDGERUNTIME_SHARED</c>) and the repository itself.</summary>
internal static class SharedData
{
    /// <summary>The repository's root: the first folder above the test binary that holds <c>EdgeRuntime.sln</c>.</summary>
    public static string Repository { get; } = FindRepository();

    private static string Root { get; } =
        Environment.GetEnvironmentVariable("EDGERUNTIME_SHARED") ?? Path.GetFullPath(Path.Combine(Repository, "..", "shared"));

    /// <summary>The full path of a file or folder of the reference data; skips the calling test, with the reason, where it is absent.</summary>
    public static string Require(string relativePath)
    {
        string path = Path.Combine(Root, relativePath);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"reference data absent: {path} (set EDGERUNTIME_SHARED)");
        return path;
    }

    private static string FindRepository()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "EdgeRuntime.sln")))
            {
                return folder;
            }
        }

        // An emulated run has its binaries elsewhere; the reference data is then named by the environment.
        return AppContext.BaseDirectory;
    }
}
