using System;
using System.Linq;
using System.Text;
using System.Text.Json;

namespace EdgeRuntime.Files;

/// <summary>Parses JSON. Errors give the line, the byte and what was found there.</summary>
internal static class JsonBytes
{
    private const int MaxFoundBytes = 16;

    /// <summary>Parses a document.</summary>
    /// <param name="json">The document in UTF-8.</param>
    /// <param name="options">What else than standard JSON is accepted.</param>
    /// <exception cref="JsonException">The document is not valid JSON; the message is "line 1, byte 1: found 'x'".</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, JsonDocumentOptions options = default)
    {
        try
        {
            return JsonDocument.Parse(json, options);
        }
        catch (JsonException exception)
        {
            throw new JsonException(Describe(json.Span, exception, withLine: true), exception);
        }
    }

    /// <summary>Parses a document on one line. Errors give the byte alone.</summary>
    /// <param name="line">The document.</param>
    /// <exception cref="JsonException">The line is not valid JSON; the message is "byte 1: found 'x'".</exception>
    public static JsonDocument ParseLine(string line)
    {
        byte[] json = Encoding.UTF8.GetBytes(line);
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException exception)
        {
            throw new JsonException(Describe(json, exception, withLine: false), exception);
        }
    }

    private static string Describe(ReadOnlySpan<byte> json, JsonException exception, bool withLine)
    {
        if (json.Trim(" \t\r\n"u8).IsEmpty)
        {
            return "found nothing";
        }

        if (exception is not { LineNumber: { } line, BytePositionInLine: { } position })
        {
            return "found the same key twice in an object";
        }

        string place = (withLine ? FormattableString.Invariant($"line {line + 1}, ") : "")
            + FormattableString.Invariant($"byte {position + 1}: found ");
        ReadOnlySpan<byte> rest = json[(int)Math.Min(StartOf(json, line) + position, json.Length)..];
        if (rest.Trim(" \t\r\n"u8).IsEmpty)
        {
            return place + "the end";
        }

        int end = rest.IndexOfAny("\r\n"u8);
        rest = end >= 0 ? rest[..end] : rest;
        return rest.IsEmpty ? place + "the end of the line"
            : place + $"'{Show(rest[..Math.Min(rest.Length, MaxFoundBytes)])}'";
    }

    private static string Show(ReadOnlySpan<byte> text) =>
        string.Concat(Encoding.UTF8.GetString(text).Select(static c => char.IsControl(c) ? '?' : c));

    private static int StartOf(ReadOnlySpan<byte> json, long line)
    {
        int start = 0;
        for (; line > 0 && json[start..].IndexOf((byte)'\n') is >= 0 and var length; line--)
        {
            start += length + 1;
        }

        return start;
    }
}
