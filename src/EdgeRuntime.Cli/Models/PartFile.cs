using System.IO;
using System.Net.Http;

namespace EdgeRuntime.Cli.Models;

/// <summary>The part of a file that has come so far, with the server's name for the version that it belongs to.</summary>
internal sealed class PartFile(string target)
{
    private readonly string _versionPath = target + ".part.etag";

    public string Path { get; } = target + ".part";

    public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>A strong ETag or a date, as If-Range takes it; null where the server gave none.</summary>
    public string? Version => File.Exists(_versionPath) ? File.ReadAllText(_versionPath) : null;

    /// <summary>Empties the part for the version that <paramref name="response"/> carries.</summary>
    public void Restart(HttpResponseMessage? response)
    {
        File.Delete(Path);
        string? version = response?.Headers.ETag is { IsWeak: false } tag
            ? tag.Tag
            : response?.Content.Headers.LastModified?.ToString("R");
        if (version is null)
        {
            File.Delete(_versionPath);
        }
        else
        {
            File.WriteAllText(_versionPath, version);
        }
    }

    public FileStream OpenForAppend() => new(Path, FileMode.Append, FileAccess.Write, FileShare.None);

    /// <summary>Gives the finished part its name, in one step.</summary>
    public void Complete()
    {
        File.Move(Path, target, overwrite: true);
        File.Delete(_versionPath);
    }

    public void Delete()
    {
        File.Delete(Path);
        File.Delete(_versionPath);
    }
}
