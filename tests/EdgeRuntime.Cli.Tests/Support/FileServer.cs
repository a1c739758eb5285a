using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
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

/// <summary>A request as it came.</summary>
/// <param name="Number">0 for the server's first request.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">By name, of any case.</param>
internal sealed record ServerRequest(int Number, string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>What follows "bytes=", or "" for none.</summary>
    public string Range => Header("Range").Replace("bytes=", "", StringComparison.OrdinalIgnoreCase);

    public string Header(string name) => Headers.GetValueOrDefault(name, "");
}

/// <summary>
/// A web server on this machine that gives out one file, and cuts connections, ignores ranges or refuses as told; or that follows a script.
/// </summary>
internal sealed class FileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ServerBehaviour _behaviour = new();
    private readonly Func<ServerRequest, NetworkStream, Task> _answer;
    private int _requests;

    public FileServer(byte[] content, ServerBehaviour? behaviour = null)
    {
        Content = content;
        _behaviour = behaviour ?? _behaviour;
        _answer = (request, stream) => AnswerAsync(stream, request.Range, request.Header("If-Range"));
        Start();
    }

    /// <summary>A server that writes what a script says, byte for byte; the connection is closed after each answer.</summary>
    public FileServer(Func<ServerRequest, NetworkStream, Task> script)
    {
        Content = [];
        _answer = script;
        Start();
    }

    /// <summary>A server whose answers are made by a script as a whole.</summary>
    public FileServer(Func<ServerRequest, byte[]> script)
        : this(async (request, stream) => await stream.WriteAsync(script(request)))
    {
    }

    public byte[] Content { get; set; }

    /// <summary>The Range header of each request, or "" for none.</summary>
    public ConcurrentQueue<string> Ranges { get; } = new();

    public ConcurrentQueue<ServerRequest> Requests { get; } = new();

    /// <summary>Host and port.</summary>
    public string Authority => $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public string Url(string file) => $"http://{Authority}/some/folder/{file}";

    /// <summary>An answer with a head and a body as they are given.</summary>
    /// <param name="status">As "206 Partial Content".</param>
    /// <param name="headers">One a line; Content-Length is not added.</param>
    /// <param name="body">What follows the head.</param>
    public static byte[] Reply(string status, string[] headers, ReadOnlySpan<byte> body)
    {
        string head = string.Concat(headers.Select(header => header + "\r\n"));
        return [.. Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n"), .. body];
    }

    public void Dispose() => _listener.Dispose();

    private void Start()
    {
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using TcpClient owned = client;
            using NetworkStream stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            ServerRequest request = await ReadRequestAsync(reader);
            Requests.Enqueue(request);
            Ranges.Enqueue(request.Range);
            await _answer(request, stream);
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
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The client has gone: its business.
        }
    }

    private async Task<ServerRequest> ReadRequestAsync(StreamReader reader)
    {
        string first = await reader.ReadLineAsync() ?? "";
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return new ServerRequest(Interlocked.Increment(ref _requests) - 1, first.Split(' ').ElementAtOrDefault(1) ?? "", headers);
    }

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
                await WriteAsync(
                    stream,
                    $"HTTP/1.1 416 No\r\nContent-Range: bytes */{content.Length}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    default);
                return;
            }

            status = $"206 Partial Content\r\nContent-Range: bytes {from}-{content.Length - 1}/{content.Length}";
        }

        long length = _behaviour.ClaimedLength ?? content.Length - from;
        int send = _behaviour.CutAfter.TryDequeue(out int cut) ? Math.Min(cut, content.Length - from) : content.Length - from;
        await WriteAsync(
            stream, $"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{tag}Connection: close\r\n\r\n", content.AsMemory(from, send));
    }

    private static async Task WriteAsync(NetworkStream stream, string head, ReadOnlyMemory<byte> body)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        await stream.WriteAsync(body);
        await stream.FlushAsync();
    }
}
