using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Models;

/// <summary>A model of the models folder.</summary>
/// <param name="Files">The files, with paths relative to the folder. Their name is the name of the model.</param>
/// <param name="LastUse">The time of the last use, in UTC; null if it is not known.</param>
internal sealed record StoredModel(ModelFiles Files, DateTime? LastUse)
{
    public string Name => Files.Name;

    /// <summary>Gets the full path of the only file or the first part.</summary>
    public string Path => ModelFolder.FullPath(Files.Parts[0].Path);

    /// <summary>Reads the architecture from the header of the model; null if it names none or is damaged.</summary>
    public string? ReadArchitecture()
    {
        try
        {
            using GgufFile file = GgufFile.Open(Path);
            return file.Metadata.GetString("general.architecture", "") is { Length: > 0 } name ? name : null;
        }
        catch (Exception exception) when (exception is ModelFormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>The models in <see cref="ModelLocator.ModelsFolder"/> and its folders OWNER/REPO, and the times of their last uses.</summary>
internal static class ModelFolder
{
    /// <summary>
    /// The folder of empty files, one for each used model, whose times are the times of the last uses. The times of the models themselves
    /// stay as they are: caches recognize a model by them.
    /// </summary>
    private const string StampFolder = ".last-use";

    /// <summary>The depth of the folders OWNER/REPO.</summary>
    private const int MaxDepth = 2;

    private static readonly string[] s_suffixes = [ModelFileName.Extension, ModelFileName.Extension + PartFile.Suffix];

    private static readonly EnumerationOptions s_readable = new() { IgnoreInaccessible = true };

    /// <summary>Lists the models in the order of their names, with those whose download was interrupted.</summary>
    public static IReadOnlyList<StoredModel> List()
    {
        var top = new DirectoryInfo(ModelLocator.ModelsFolder);
        IEnumerable<ModelFile> files = !top.Exists ? [] : [.. Files(top, MaxDepth).Select(file => Describe(top, file)).OfType<ModelFile>()];
        return [.. ModelFiles.Group(files).Select(model => new StoredModel(model, FindLastUse(model)))];
    }

    /// <summary>Finds a model by its name, or by the last part of it, with or without .gguf; null if there is none.</summary>
    /// <exception cref="CommandException">Several models have this name.</exception>
    public static StoredModel? Find(string name)
    {
        string wanted = name.EndsWith(ModelFileName.Extension, StringComparison.OrdinalIgnoreCase)
            ? name[..^ModelFileName.Extension.Length]
            : name;
        IReadOnlyList<StoredModel> models = List();
        StoredModel[] found = [.. models.Where(model => IsSame(model.Name, wanted))];
        found = found.Length > 0 ? found : [.. models.Where(model => IsSame(Path.GetFileName(model.Name), wanted))];
        return found.Length <= 1 ? found.FirstOrDefault() : throw new CommandException(
            $"{name}: several models have this name: {string.Join(", ", found.Select(model => model.Name))}");
    }

    /// <summary>Records a use of a model now, if the model is in the folder. An error is ignored: the record is only information.</summary>
    public static void RecordUse(string path)
    {
        try
        {
            string relative = Path.GetRelativePath(ModelLocator.ModelsFolder, path);
            if (!Path.IsPathRooted(relative) && !relative.StartsWith("..", StringComparison.Ordinal))
            {
                string stamp = StampOf(relative);
                Directory.CreateDirectory(Path.GetDirectoryName(stamp)!);
                File.WriteAllBytes(stamp, []);
                File.SetLastWriteTimeUtc(stamp, DateTime.UtcNow);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A folder that is not writable has no record.
        }
    }

    /// <summary>Deletes all files of a model, its interrupted downloads, its stamp, and folders that are empty then.</summary>
    /// <exception cref="CommandException">A file cannot be deleted.</exception>
    public static void Delete(StoredModel model)
    {
        foreach (string file in model.Files.Paths)
        {
            string path = FullPath(file);
            UserFile.Use(path, File.Delete);
            PartFile.Discard(path);
            if (File.Exists(StampOf(file)))
            {
                File.Delete(StampOf(file));
            }
        }

        DeleteEmptyFolders(model.Files.Parts[0].Path);
    }

    /// <summary>Gets the full path of a file of the folder.</summary>
    /// <param name="relative">The path in the folder.</param>
    public static string FullPath(string relative) => Path.GetFullPath(Path.Combine(ModelLocator.ModelsFolder, relative));

    private static void DeleteEmptyFolders(string relative)
    {
        for (string? folder = Path.GetDirectoryName(relative); folder is { Length: > 0 }; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.EnumerateFileSystemEntries(FullPath(folder)).Any())
            {
                return;
            }

            Directory.Delete(FullPath(folder));
        }
    }

    private static bool IsSame(string name, string wanted) => name.Equals(wanted, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Gets the .gguf files of a folder and of the folders in it, and interrupted downloads, except those that lie elsewhere (links).
    /// </summary>
    private static IEnumerable<FileInfo> Files(DirectoryInfo folder, int depth)
    {
        IEnumerable<FileInfo> here = s_suffixes.SelectMany(suffix => folder.EnumerateFiles("*" + suffix, s_readable));
        return depth == 0 ? here : here.Concat(folder.EnumerateDirectories("*", s_readable)
            .Where(static inner => inner.LinkTarget is null && !inner.Name.StartsWith('.'))
            .SelectMany(inner => Files(inner, depth - 1)));
    }

    /// <summary>Describes a file of the folder; null for the part of a file that is there as a whole.</summary>
    private static ModelFile? Describe(DirectoryInfo top, FileInfo file)
    {
        bool isPart = file.Name.EndsWith(PartFile.Suffix, StringComparison.Ordinal);
        string path = isPart ? file.FullName[..^PartFile.Suffix.Length] : file.FullName;
        string relative = Path.GetRelativePath(top.FullName, path).Replace(Path.DirectorySeparatorChar, '/');
        return isPart && File.Exists(path) ? null : new ModelFile(relative, file.Length) { IsInterrupted = isPart };
    }

    private static string StampOf(string relative) => Path.Combine(ModelLocator.ModelsFolder, StampFolder, relative + ".used");

    private static DateTime? FindLastUse(ModelFiles model)
    {
        FileInfo[] stamps = [.. model.Parts.Select(static part => new FileInfo(StampOf(part.Path))).Where(static stamp => stamp.Exists)];
        return stamps.Length == 0 ? null : stamps.Max(static stamp => stamp.LastWriteTimeUtc);
    }
}
