using System;
using System.Buffers.Binary;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Walks over the bytes of a mapped file. Every read is checked against the bytes that remain, and a failed one says where it was.
/// </summary>
internal sealed class GgufCursor(MappedFile file, string path)
{
    /// <summary>What to do about a file that is not what its writer wrote.</summary>
    public const string GetAgain = "the file is damaged or cut short; download or convert it again";

    public string Path { get; } = path;

    public MappedFile File { get; } = file;

    public long Position { get; private set; }

    public long Remaining => File.ByteLength - Position;

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Read(sizeof(uint), what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Read(sizeof(ulong), what));

    /// <summary>A length-prefixed string's bytes.</summary>
    /// <param name="limit">Most bytes allowed.</param>
    /// <param name="what">For the message: what string it is.</param>
    public ReadOnlySpan<byte> ReadString(int limit, string what)
    {
        long start = Position;
        ulong length = ReadUInt64(what);
        if (length > (ulong)Remaining)
        {
            throw Error(start, $"{what}: found a length of {length} bytes, expected at most the {Remaining} that remain; {GetAgain}");
        }

        if (length > (ulong)limit)
        {
            throw Error(start, $"{what}: found a length of {length} bytes, expected at most {limit}; {GetAgain}");
        }

        return Read((int)length, what);
    }

    /// <summary>A name: a string of 1 to <paramref name="limit"/> bytes of UTF-8 without control characters.</summary>
    public string ReadName(int limit, string what)
    {
        long start = Position;
        ReadOnlySpan<byte> bytes = ReadString(limit, what);
        if (bytes.IsEmpty)
        {
            throw Error(start, $"{what}: found an empty name, expected at least one byte; {GetAgain}");
        }

        return GgufText.DecodeName(bytes)
            ?? throw Error(start, $"{what}: found {GgufText.Quote(bytes)}, expected UTF-8 without control characters; {GetAgain}");
    }

    /// <summary>A count of things of at least <paramref name="leastBytes"/> each, all of which must still fit the file.</summary>
    public int ReadCount(int leastBytes, int limit, string what)
    {
        long start = Position;
        ulong count = ReadUInt64(what);
        ulong most = (ulong)(Remaining / leastBytes);
        if (count > most)
        {
            throw Error(
                start,
                $"{what}: found {count}, " +
                $"expected at most the {most} that fit the {Remaining} bytes that remain; {GetAgain}");
        }

        if (count > (ulong)limit)
        {
            throw Error(start, $"{what}: found {count}, expected at most {limit}, the limit of this reader");
        }

        return (int)count;
    }

    public ReadOnlySpan<byte> Read(int count, string what)
    {
        if (count > Remaining)
        {
            throw Error(Position, $"{what}: found the end of the file after {Remaining} bytes, expected {count}; {GetAgain}");
        }

        ReadOnlySpan<byte> bytes = File.GetSpan(Position, count);
        Position += count;
        return bytes;
    }

    public ModelFormatException Error(long offset, string what) => new(Path, offset, what);
}
