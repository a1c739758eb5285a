using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace EdgeRuntime.Cli.Tests.Support;

/// <summary>How the server misbehaves.</summary>
internal sealed record ServerBehaviour
{
    /// <summary>Bytes after which the connection is cut, in the first requests; none by default.</summary>
    public Queue<int> CutAfter { get; init; } = new();

    /// <summary>Whether a connection is reset at the end instead of closed.</summary>
    public bool Resets { get; init; }

    /// <summary>Whether Range is honoured.</summary>
    public bool Ranges { get; init; } = true;

    /// <summary>The name of the file's version; null for none.</summary>
    public string? ETag { get; set; } = "\"v1\"";

    /// <summary>What every request is answered with.</summary>
    public int Status { get; init; } = 200;

    /// <summary>A length to claim instead of the real one.</summary>
    public long? ClaimedLength { get; init; }
}

/// <summary>A web server on this machine that gives out one file, and cuts connections, ignores ranges or refuses as told.</summary>
internal sealed class FileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ServerBehaviour _behaviour;

    public FileServer(byte[] content, ServerBehaviour? behaviour = null)
    {
        Content = content;
        _behaviour = behaviour ?? new ServerBehaviour();
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    public byte[] Content { get; set; }

    /// <summary>The Range header of each request, or "" for none.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    public string Url(string file) => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/some/folder/{file}";

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync();
                await ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using NetworkStream stream = client.GetStream();
        try
        {
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            string range = "", version = "";
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
            {
                range = Header(line, "Range: bytes=") ?? range;
                version = Header(line, "If-Range: ") ?? version;
            }

            Ranges.Enqueue(range);
            await AnswerAsync(stream, range, version);
            if (_behaviour.Resets)
            {
                // Let the bytes arrive first: a reset throws away what was not read yet.
                await Task.Delay(300);
                client.LingerState = new LingerOption(true, 0);
                client.Close();
            }
            else
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // The client has gone: its business.
        }
    }

    private static string? Header(string line, string name) =>
        line.StartsWith(name, StringComparison.OrdinalIgnoreCase) ? line[name.Length..] : null;

    private async Task AnswerAsync(NetworkStream stream, string range, string version)
    {
        byte[] content = Content;
        string tag = _behaviour.ETag is { } etag ? $"ETag: {etag}\r\n" : "";
        if (_behaviour.Status != 200)
        {
            await WriteAsync(stream, $"HTTP/1.1 {_behaviour.Status} Told So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", default);
            return;
        }

        int from = 0;
        string status = "200 OK";
        if (_behaviour.Ranges && range.Length > 0 && (version.Length == 0 || version == _behaviour.ETag))
        {
            from = int.Parse(range.TrimEnd('-'), CultureInfo.InvariantCulture);
            if (from >= content.Length)
            {
                await WriteAsync(stream, $"HTTP/1.1 416 No\r\nContent-Range: bytes */{content.Length}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", default);
                return;
            }

            status = $"206 Partial Content\r\nContent-Range: bytes {from}-{content.Length - 1}/{content.Length}";
        }

        long length = _behaviour.ClaimedLength ?? content.Length - from;
        int send = _behaviour.CutAfter.TryDequeue(out int cut) ? Math.Min(cut, content.Length - from) : content.Length - from;
        await WriteAsync(stream, $"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{tag}Connection: close\r\n\r\n", content.AsMemory(from, send));
    }

    private static async Task WriteAsync(NetworkStream stream, string head, ReadOnlyMemory<byte> body)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        await stream.WriteAsync(body);
        await stream.FlushAsync();
    }
}
