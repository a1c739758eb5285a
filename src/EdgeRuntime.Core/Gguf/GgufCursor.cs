using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Reads a file sequentially. Every read is checked against the remaining bytes, and a failed read reports its offset. Returned spans are
/// valid until the next read.
/// </summary>
internal sealed class GgufCursor(ReadableFile file, string path)
{
    private const int BufferBytes = 32 << 10;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    private long _bufferStart;
    private int _buffered;

    /// <summary>The advice for a file that is damaged or truncated.</summary>
    public const string Remedy = "the file is damaged or cut short; download or convert it again";

    public string Path { get; } = path;

    public ReadableFile File { get; } = file;

    public long Position { get; private set; }

    public long Remaining => File.ByteLength - Position;

    public uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Read(sizeof(uint), what));

    public ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Read(sizeof(ulong), what));

    /// <summary>Reads the bytes of a length-prefixed string.</summary>
    /// <param name="limit">The largest accepted number of bytes.</param>
    /// <param name="what">The description of the string for error messages.</param>
    public ReadOnlySpan<byte> ReadString(int limit, string what) => Read(ReadStringLength(limit, what), what);

    /// <summary>Skips a length-prefixed string.</summary>
    /// <returns>The number of bytes of the string.</returns>
    /// <inheritdoc cref="ReadString" path="/param"/>
    public int SkipString(int limit, string what)
    {
        int length = ReadStringLength(limit, what);
        Skip(length, what);
        return length;
    }

    /// <summary>Skips length-prefixed strings that follow each other.</summary>
    /// <param name="count">The number of strings.</param>
    /// <param name="limit">The largest accepted number of bytes of a string.</param>
    /// <param name="what">The description of the strings for error messages.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SkipStrings(int count, int limit, string what)
    {
        while (count > 0)
        {
            // A vocabulary has hundreds of thousands of strings; those in the buffer are skipped without the work of a read for each.
            ReadOnlySpan<byte> buffered = Buffered;
            int next = 0;
            while (count > 0 && buffered.Length - next >= sizeof(ulong))
            {
                ulong length = BinaryPrimitives.ReadUInt64LittleEndian(buffered[next..]);
                if (length > (ulong)(buffered.Length - next - sizeof(ulong)) || length > (ulong)limit)
                {
                    break;
                }

                next += sizeof(ulong) + (int)length;
                count--;
            }

            Position += next;
            if (count > 0)
            {
                SkipString(limit, what);
                count--;
            }
        }
    }

    /// <summary>Reads a name: a string of 1 to <paramref name="limit"/> bytes of UTF-8 without control characters.</summary>
    public string ReadName(int limit, string what)
    {
        long start = Position;
        ReadOnlySpan<byte> bytes = ReadString(limit, what);
        if (bytes.IsEmpty)
        {
            throw Error(start, $"{what}: found an empty name, expected at least one byte; {Remedy}");
        }

        return GgufText.DecodeName(bytes)
            ?? throw Error(start, $"{what}: found {GgufText.Quote(bytes)}, expected UTF-8 without control characters; {Remedy}");
    }

    /// <summary>
    /// Reads a count and checks that as many items of at least <paramref name="leastBytes"/> bytes fit into the rest of the file.
    /// </summary>
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
                $"expected at most the {most} that fit the {Remaining} bytes that remain; {Remedy}");
        }

        if (count > (ulong)limit)
        {
            throw Error(start, $"{what}: found {count}, expected at most {limit}, the limit of this reader");
        }

        return (int)count;
    }

    /// <summary>Reads bytes into the buffer.</summary>
    public ReadOnlySpan<byte> Read(int count, string what)
    {
        Require(count, what);
        if (Position < _bufferStart || Position + count > _bufferStart + _buffered)
        {
            Fill(count);
        }

        var bytes = new ReadOnlySpan<byte>(_buffer, (int)(Position - _bufferStart), count);
        Position += count;
        return bytes;
    }

    /// <summary>Skips bytes.</summary>
    public void Skip(int count, string what)
    {
        Require(count, what);
        Position += count;
    }

    /// <summary>Gets the bytes from <see cref="Position"/> on that are in the buffer.</summary>
    private ReadOnlySpan<byte> Buffered => Position >= _bufferStart && Position < _bufferStart + _buffered
        ? _buffer.AsSpan((int)(Position - _bufferStart), (int)(_bufferStart + _buffered - Position))
        : [];

    public ModelFormatException Error(long offset, string what) => new(Path, offset, what);

    /// <summary>Fills the buffer with at least <paramref name="count"/> bytes from <see cref="Position"/> on.</summary>
    private void Fill(int count)
    {
        if (count > _buffer.Length)
        {
            _buffer = new byte[count];
        }

        _bufferStart = Position;
        _buffered = 0;
        int bytes = (int)Math.Max(count, Math.Min(_buffer.Length, File.AvailableLength - Position));
        File.Read(Position, _buffer.AsSpan(0, bytes));
        _buffered = bytes;
    }

    private void Require(int count, string what)
    {
        if (count > Remaining)
        {
            throw Error(Position, $"{what}: found the end of the file after {Remaining} bytes, expected {count}; {Remedy}");
        }
    }

    private int ReadStringLength(int limit, string what)
    {
        long start = Position;
        ulong length = ReadUInt64(what);
        if (length > (ulong)Remaining)
        {
            throw Error(start, $"{what}: found a length of {length} bytes, expected at most the {Remaining} that remain; {Remedy}");
        }

        if (length > (ulong)limit)
        {
            throw Error(start, $"{what}: found a length of {length} bytes, expected at most {limit}; {Remedy}");
        }

        return (int)length;
    }
}
