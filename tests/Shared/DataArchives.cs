using System;
using System.Collections.Concurrent;
using System.IO;
using System.IO.Compression;

namespace EdgeRuntime.TestSupport;

/// <summary>
/// Archives that stand for folders: <c>conformance/split.zip</c> holds the files of the folder <c>conformance/split</c>. Each is extracted
/// once for a process, on first use, into a temporary folder that is deleted at the end of the process.
/// </summary>
internal static class DataArchives
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> s_extracted = new();
    private static readonly Lazy<string> s_root = new(CreateRoot);

    /// <summary>Gets where an extracted file or folder lies, or null where no archive stands for its folder.</summary>
    /// <param name="root">The folder of the archives.</param>
    /// <param name="relativePath">Path of the file or folder below the root, with slashes.</param>
    public static string? Find(string root, string relativePath)
    {
        for (string? folder = relativePath; !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            string archive = Path.Combine(root, folder + ".zip");
            if (File.Exists(archive))
            {
                string extracted = s_extracted.GetOrAdd(archive, new Lazy<string>(() => Extract(archive, folder))).Value;
                return Path.Combine(extracted, Path.GetRelativePath(folder, relativePath));
            }
        }

        return null;
    }

    private static string Extract(string archive, string folder)
    {
        string target = Path.Combine(s_root.Value, folder);
        ZipFile.ExtractToDirectory(archive, target);
        return target;
    }

    private static string CreateRoot()
    {
        string root = Directory.CreateTempSubdirectory("edgert-test-data-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                Directory.Delete(root, recursive: true);
            }
            catch (IOException)
            {
                // Windows keeps files that are still mapped; its own cleaning of the temporary folder takes them.
            }
        };
        return root;
    }
}
