using System;
using System.Buffers;
using System.IO;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Files;

/// <summary>
/// Reads files at paths that the user controls. It opens regular files only, so that a pipe cannot block the process and a device cannot
/// feed it endlessly, and it never reads more bytes than the caller allows.
/// </summary>
/// <remarks>Replacing the file by a pipe between the check and the opening can still block the process.</remarks>
internal static class RegularFile
{
    private const int MinBufferBytes = 4096; // files in /proc report a length of 0

    private static readonly JsonDocumentOptions StrictJson = new() { AllowDuplicateProperties = false };

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileException">The file is a folder, a pipe, a socket or a device.</exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
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

    /// <summary>Opens a file for reading as a stream, with the checks of <see cref="OpenHandle"/>. The caller owns the stream.</summary>
    public static FileStream OpenRead(string path) =>
        new(OpenHandle(path, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan), FileAccess.Read, bufferSize: 0);

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="maxBytes">The largest accepted length in bytes.</param>
    /// <exception cref="FileException">
    /// The file is a folder, a pipe, a socket or a device, or it is longer than <paramref name="maxBytes"/>.
    /// </exception>
    /// <exception cref="IOException">The file does not exist or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static byte[] ReadBytes(string path, int maxBytes)
    {
        using FileStream stream = OpenRead(path);
        return ReadBytes(stream, path, maxBytes);
    }

    /// <summary>Reads a stream from its position to its end. The stream stays open.</summary>
    /// <param name="stream">The stream, which need not be seekable.</param>
    /// <param name="name">The name of the stream, for messages.</param>
    /// <param name="maxBytes">The largest accepted length in bytes.</param>
    /// <exception cref="FileException">The rest of the stream is longer than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static byte[] ReadBytes(Stream stream, string name, int maxBytes)
    {
        long length = stream.CanSeek ? Math.Max(stream.Length - stream.Position, 0) : 0;
        CheckLength(name, length, maxBytes);

        // One byte more than the reported length reveals a file that grows or reports a wrong length.
        byte[] bytes = new byte[Math.Max(MinBufferBytes, length + 1)];
        int count = 0;
        for (int read = -1; read != 0; count += read)
        {
            if (count == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * count, Math.Max(MinBufferBytes, maxBytes + 1L)));
            }

            read = stream.Read(bytes.AsSpan(count));
            CheckLength(name, count + read, maxBytes);
        }

        Array.Resize(ref bytes, count);
        return bytes;
    }

    /// <summary>Reads a whole text file: UTF-8, or UTF-16 or UTF-32 that begins with a byte order mark.</summary>
    /// <exception cref="FileException">
    /// The file is a folder, a pipe, a socket or a device, it is longer than <paramref name="maxBytes"/>, or it is not text.
    /// </exception>
    /// <inheritdoc cref="ReadBytes(string, int)" path="/param|/exception[@cref='T:System.IO.IOException']"/>
    public static string ReadText(string path, int maxBytes)
    {
        byte[] bytes = ReadBytes(path, maxBytes);
        bool isWide = ((ReadOnlySpan<byte>)bytes) is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, 0, 0xFE, 0xFF, ..];
        if (!isWide)
        {
            CheckText(path, bytes);
        }

        using var reader = new StreamReader(new MemoryStream(bytes), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    /// <summary>Reads a whole file as UTF-8 JSON, with or without a byte order mark. Rejects objects with duplicate keys.</summary>
    /// <exception cref="JsonException">The file is not valid JSON.</exception>
    /// <inheritdoc cref="ReadBytes(string, int)"/>
    public static JsonDocument ReadJson(string path, int maxBytes) => ParseJson(ReadBytes(path, maxBytes));

    /// <summary>Parses UTF-8 JSON, with or without a byte order mark. Rejects objects with duplicate keys.</summary>
    /// <exception cref="JsonException">The bytes are not valid JSON.</exception>
    public static JsonDocument ParseJson(ReadOnlyMemory<byte> bytes)
    {
        bool hasMark = bytes.Span.StartsWith(Encoding.UTF8.Preamble);
        return JsonBytes.Parse(hasMark ? bytes[Encoding.UTF8.Preamble.Length..] : bytes, StrictJson);
    }

    private static void CheckText(string path, ReadOnlySpan<byte> bytes)
    {
        int valid = Ascii.IsValid(bytes) ? bytes.Length : 0;
        while (Rune.DecodeFromUtf8(bytes[valid..], out _, out int count) == OperationStatus.Done)
        {
            valid += count;
        }

        int zero = bytes[..valid].IndexOf((byte)0);
        if (zero >= 0)
        {
            throw new FileException(
                path, FormattableString.Invariant($"byte {zero + 1}: found 0x00, expected text; name a text file in UTF-8"));
        }

        if (valid < bytes.Length)
        {
            throw new FileException(
                path,
                FormattableString.Invariant($"byte {valid + 1}: found 0x{bytes[valid]:X2}, expected UTF-8; convert the file to UTF-8"));
        }
    }

    private static void CheckLength(string name, long bytes, int maxBytes)
    {
        if (bytes > maxBytes)
        {
            throw new FileException(name, FormattableString.Invariant($"has more than {maxBytes} bytes, expected a smaller file"));
        }
    }
}
