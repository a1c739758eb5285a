using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Cli.Tests.Support;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>A model hub on this machine with the repository owner/repo, and a models folder.</summary>
internal sealed class HubTrial : IDisposable
{
    public const string ListingPath = "/api/models/owner/repo/tree/main?recursive=true";

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, byte[]> _files = [];

    public HubTrial() => Server = new FileServer(request => Answer(request));

    public FileServer Server { get; }

    /// <summary>Gets or sets the answer to a request that is not the hub's own; null lets the hub answer.</summary>
    public Func<ServerRequest, byte[]?> Override { get; set; } = _ => null;

    public string? Token { get; init; }

    /// <summary>Gets the paths that were requested, in order.</summary>
    public IEnumerable<string> Targets => Server.Requests.Select(request => request.Target);

    /// <summary>Gets the files of the models folder, with slashes.</summary>
    public IEnumerable<string> Saved => Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.Path, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

    public static string Resolve(string path) => "/owner/repo/resolve/main/" + path;

    /// <summary>A model's content that differs from that of other names.</summary>
    public static byte[] Content(string name) => ModelCopies.Named(name);

    public static byte[] Entry(string path, long size, string oid) => Encoding.UTF8.GetBytes(
        $$"""{"type":"file","oid":"1f","size":{{size}},"path":"{{path}}","lfs":{"oid":"{{oid}}","size":{{size}},"pointerSize":134} }""");

    public void Add(params string[] paths)
    {
        foreach (string path in paths)
        {
            Add(path, Content(path));
        }
    }

    public void Add(string path, byte[] content) => _files[path] = content;

    public byte[] Read(string path) => File.ReadAllBytes(_folder.File(path));

    public EdgertResult Run(params string[] arguments) => RunAt($"http://{Server.Authority}/", arguments);

    public EdgertResult RunAt(string endpoint, params string[] arguments) => Edgert.RunIn(
        new Dictionary<string, string?> { ["HF_ENDPOINT"] = endpoint, ["HF_TOKEN"] = Token, ["EDGERUNTIME_MODELS"] = _folder.Path },
        null,
        arguments);

    public byte[] Listing() => List(_files.Select(file => Entry(file.Key, file.Value.Length, PullTrial.Sha256(file.Value))));

    public static byte[] List(IEnumerable<byte[]> entries)
    {
        string folder = """{"type":"directory","oid":"2f","size":0,"path":"folder"}""";
        return Encoding.UTF8.GetBytes($"[{folder}{string.Concat(entries.Select(entry => "," + Encoding.UTF8.GetString(entry)))}]");
    }

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }

    private byte[] Answer(ServerRequest request)
    {
        if (Override(request) is { } answer)
        {
            return answer;
        }

        string path = request.Target.StartsWith(Resolve(""), StringComparison.Ordinal) ? request.Target[Resolve("").Length..] : "";
        return request.Target == ListingPath ? Answers.Whole(Listing(), null)
            : _files.TryGetValue(Uri.UnescapeDataString(path), out byte[]? content) ? Answers.Whole(content, "\"v1\"")
            : FileServer.Reply("404 Not Found", ["Content-Length: 0"], []);
    }
}
