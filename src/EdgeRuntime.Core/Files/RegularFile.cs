using System;
using System.IO;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Files;

/// <summary>
/// Reads files that a user names or that lie where a user can put others. Only regular files are opened, so that nothing waits for a pipe's
/// writer or reads a device without end, and never more bytes than the caller allows.
/// </summary>
/// <remarks>Whoever swaps the file for a pipe between the look at it and its opening can still make the process wait.</remarks>
internal static class RegularFile
{
    private const int LeastBuffer = 4096; // files of /proc say that they are empty

    private static readonly JsonDocumentOptions StrictJson = new() { AllowDuplicateProperties = false };

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileException">A pipe, a socket or a device.</exception>
    /// <exception cref="IOException">No such file, or it can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static SafeFileHandle OpenHandle(string path, FileShare share = FileShare.Read, FileOptions options = FileOptions.None)
    {
        FileKinds.Of(path).Require(path);
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, share, options);
        try
        {
            FileKinds.Of(handle).Require(path);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="OpenHandle"/>; the stream belongs to the caller.</summary>
    public static FileStream OpenRead(string path) =>
        new(OpenHandle(path, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan), FileAccess.Read, bufferSize: 0);

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Most bytes that it may have.</param>
    /// <exception cref="FileException">A pipe, a socket or a device; or more bytes.</exception>
    /// <exception cref="IOException">No such file, or it can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static byte[] ReadBytes(string path, int maxBytes)
    {
        using FileStream stream = OpenRead(path);
        CheckLength(path, stream.Length, maxBytes);

        // One byte more than there should be: a file that grows, or does not know its length, shows itself.
        byte[] bytes = new byte[Math.Max(LeastBuffer, stream.Length + 1)];
        int count = 0;
        for (int read = -1; read != 0; count += read)
        {
            if (count == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * count, Math.Max(LeastBuffer, maxBytes + 1L)));
            }

            read = stream.Read(bytes.AsSpan(count));
            CheckLength(path, count + read, maxBytes);
        }

        Array.Resize(ref bytes, count);
        return bytes;
    }

    /// <summary>Reads a whole text: UTF-8 unless it begins with another encoding's mark; bytes that are no text become U+FFFD.</summary>
    /// <inheritdoc cref="ReadBytes"/>
    public static string ReadText(string path, int maxBytes)
    {
        using var bytes = new MemoryStream(ReadBytes(path, maxBytes));
        using var reader = new StreamReader(bytes, Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    /// <summary>Reads a whole file as JSON in UTF-8, with or without a byte order mark. Refuses an object that has a key twice.</summary>
    /// <exception cref="JsonException">Not JSON.</exception>
    /// <inheritdoc cref="ReadBytes"/>
    public static JsonDocument ReadJson(string path, int maxBytes)
    {
        ReadOnlyMemory<byte> bytes = ReadBytes(path, maxBytes);
        bool hasMark = bytes.Span.StartsWith(Encoding.UTF8.Preamble);
        return JsonDocument.Parse(hasMark ? bytes[Encoding.UTF8.Preamble.Length..] : bytes, StrictJson);
    }

    private static void CheckLength(string path, long bytes, int maxBytes)
    {
        if (bytes > maxBytes)
        {
            throw new FileException(path, FormattableString.Invariant($"has more than {maxBytes} bytes, expected a smaller file"));
        }
    }
}
