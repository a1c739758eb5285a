using System.IO;
using System.Net.Http;
using System.Text;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Models;

/// <summary>The part of a file that has come so far, with the server's name for the version that it belongs to.</summary>
internal sealed class PartFile(string target)
{
    /// <summary>Most bytes of the version's name that are believed.</summary>
    public const int MaxVersionBytes = 4096;

    private readonly string _versionPath = target + ".part.etag";

    public string Path { get; } = target + ".part";

    public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>A strong ETag or a date, as If-Range takes it; null where the server gave none.</summary>
    public string? Version => File.Exists(_versionPath) ? RegularFile.ReadText(_versionPath, MaxVersionBytes) : null;

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
            using var file = FileReplacement.OfProgram(_versionPath);
            file.Write(Encoding.UTF8.GetBytes(version));
            file.Commit();
        }
    }

    public FileStream OpenForAppend()
    {
        FileKinds.Of(Path).Require(Path);
        return new FileStream(Path, FileMode.Append, FileAccess.Write, FileShare.None);
    }

    /// <summary>Gives the finished part its name, in one step.</summary>
    public void Complete()
    {
        FileReplacement.Publish(Path, target);
        File.Delete(_versionPath);
    }

    public void Delete()
    {
        File.Delete(Path);
        File.Delete(_versionPath);
    }
}
