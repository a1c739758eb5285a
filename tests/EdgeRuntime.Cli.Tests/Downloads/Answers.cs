using System;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Tests.Support;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary>Answers of servers, byte by byte.</summary>
internal static class Answers
{
    public const string Chunked = "Transfer-Encoding: chunked";

    public static byte[] Whole(byte[] content, string? tag, params string[] headers) =>
        FileServer.Reply("200 OK", [.. headers, .. Tag(tag), $"Content-Length: {content.Length}"], content);

    public static byte[] Rest(byte[] content, string range, string? tag, int count = int.MaxValue, params string[] headers)
    {
        int from = int.Parse(range.TrimEnd('-'), CultureInfo.InvariantCulture);
        int end = (int)Math.Min(content.Length, (long)from + count);
        return FileServer.Reply(
            "206 Partial Content",
            [.. headers, .. Tag(tag), $"Content-Range: bytes {from}-{end - 1}/{content.Length}", $"Content-Length: {end - from}"],
            content.AsSpan(from..end));
    }

    private static string[] Tag(string? tag) => tag is null ? [] : ["ETag: " + tag];

    /// <summary>An answer whose connection breaks after so many bytes of its body.</summary>
    public static byte[] Cut(byte[] answer, int bytes) => answer[..(answer.AsSpan().IndexOf("\r\n\r\n"u8) + 4 + bytes)];

    public static byte[] Chunk(byte[] bytes) => [.. Encoding.ASCII.GetBytes($"{bytes.Length:X}\r\n"), .. bytes, .. "\r\n"u8];

    public static byte[] RedirectTo(string url) => FileServer.Reply("302 Found", ["Location: " + url, "Content-Length: 0"], []);

    /// <summary>Sends the same piece over and over, until the client goes away.</summary>
    public static async Task RepeatAsync(NetworkStream stream, string header, byte[] piece, int pauseMilliseconds)
    {
        await stream.WriteAsync(FileServer.Reply("200 OK", [header], []));
        while (true)
        {
            await stream.WriteAsync(piece);
            await Task.Delay(pauseMilliseconds);
        }
    }
}
