using System;
using System.IO;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>Reads the headers of model files, also of files that are still arriving.</summary>
internal static class ModelHeader
{
    /// <summary>The largest number of bytes of a header: several times those of the largest vocabularies.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>The number of bytes that are tried first; twice as many follow each time.</summary>
    public const int FirstLength = 64 << 10;

    /// <summary>Reads the header of a whole file.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="name">The name of the file for messages.</param>
    /// <inheritdoc cref="TryRead" path="/returns|/exception"/>
    public static GgufHeader Read(string path, string name)
    {
        using FileStream file = UserFile.OpenRead(path);
        return TryRead(file.SafeFileHandle, file.Length, file.Length, name)!;
    }

    /// <summary>Reads the header of a file of which the first bytes are here; null if it needs more of them.</summary>
    /// <param name="file">The file.</param>
    /// <param name="present">The number of bytes that are here.</param>
    /// <param name="length">The length of the whole file.</param>
    /// <param name="name">The name of the file for messages.</param>
    /// <returns>The header. It may violate the format, which <see cref="GgufFile.OpenHeaders"/> tells.</returns>
    /// <exception cref="CommandException">The header is longer than <see cref="MaxBytes"/>.</exception>
    public static GgufHeader? TryRead(SafeFileHandle file, long present, long length, string name)
    {
        int most = (int)Math.Min(present, MaxBytes);
        for (int count = Math.Min(FirstLength, most); ; count = Math.Min(2 * count, most))
        {
            var header = new GgufHeader(name, ReadStart(file, count), length);
            if (IsWhole(header))
            {
                return header;
            }

            if (count == most)
            {
                return most < MaxBytes ? null : throw new CommandException(
                    $"{name}: the header of the model has more than {MaxBytes} bytes, the limit of downloads");
            }
        }
    }

    private static bool IsWhole(GgufHeader header)
    {
        try
        {
            GgufFile.OpenHeaders(header).Dispose();
            return true;
        }
        catch (ModelFormatException)
        {
            return true; // more bytes can't mend it
        }
        catch (EndOfStreamException)
        {
            return false;
        }
    }

    private static byte[] ReadStart(SafeFileHandle file, int count)
    {
        byte[] start = new byte[count];
        for (int done = 0, read = -1; done < count && read != 0; done += read)
        {
            read = RandomAccess.Read(file, start.AsSpan(done), done);
        }

        return start;
    }
}
