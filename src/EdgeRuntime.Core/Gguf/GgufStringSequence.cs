using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Represents an array of strings that each enumeration reads again from the file, in little memory: the first use of memory costs more
/// than a copy from the page cache. Each string follows its length in 8 bytes.
/// </summary>
/// <param name="source">Reads the bytes of the array.</param>
/// <param name="byteLength">The number of bytes of the array.</param>
/// <param name="count">The number of strings.</param>
/// <param name="path">The path of the file, for messages.</param>
internal sealed class GgufStringSequence(GgufStringSequence.Source source, int byteLength, int count, string path)
{
    private const int LengthBytes = sizeof(ulong);
    private const int BufferBytes = 64 << 10;

    /// <summary>Fills a buffer with the bytes of an array from an offset on.</summary>
    public delegate void Source(int offset, Span<byte> buffer);

    /// <summary>Gets the sequence without strings.</summary>
    public static GgufStringSequence Empty { get; } = new(static (_, _) => { }, 0, 0, "");

    /// <summary>Gets the number of strings.</summary>
    public int Count => count;

    private int ByteLength => byteLength;

    private string Path => path;

    /// <summary>Gets a sequence of the given strings, which are copied.</summary>
    public static GgufStringSequence Of(IReadOnlyCollection<byte[]> strings)
    {
        byte[] bytes = GgufStrings.Join(strings);
        return new((offset, buffer) => bytes.AsSpan(offset, buffer.Length).CopyTo(buffer), bytes.Length, strings.Count, "");
    }

    /// <summary>Starts an enumeration.</summary>
    public Enumerator GetEnumerator() => new(this);

    private void Read(int offset, Span<byte> buffer) => source(offset, buffer);

    /// <summary>Reads the strings in order. For one caller.</summary>
    public sealed class Enumerator
    {
        private readonly GgufStringSequence _sequence;
        private byte[] _buffer;
        private int _offset; // of the buffer in the array
        private int _buffered;
        private int _next; // the index of the next length in the buffer
        private int _left; // strings
        private int _length; // of the current string, which ends at the next length

        internal Enumerator(GgufStringSequence sequence)
        {
            _sequence = sequence;
            _left = sequence.Count;
            _buffer = GC.AllocateUninitializedArray<byte>(Math.Min(BufferBytes, sequence.ByteLength));
        }

        /// <summary>Gets the bytes of the current string, valid until the next call of <see cref="MoveNext"/>.</summary>
        public ReadOnlySpan<byte> Current => _buffer.AsSpan(_next - _length, _length);

        /// <summary>Reads the next string.</summary>
        /// <exception cref="IOException">
        /// The file is shorter, or the lengths do not fit. They were validated when the file was opened, so the file has changed since.
        /// </exception>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public bool MoveNext()
        {
            if (_left == 0)
            {
                return false;
            }

            _left--;
            Require(LengthBytes);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(_next));
            _next += LengthBytes;
            Require(length);
            _length = (int)length;
            _next += _length;
            return true;
        }

        private void Require(ulong bytes)
        {
            if (bytes > (ulong)(_buffered - _next))
            {
                Fill(bytes);
            }
        }

        private void Fill(ulong bytes)
        {
            _offset += _next;
            _next = 0;
            int rest = _sequence.ByteLength - _offset;
            if (bytes > (ulong)rest)
            {
                throw new IOException($"{_sequence.Path}: changed while it was being read");
            }

            if (bytes > (ulong)_buffer.Length)
            {
                _buffer = GC.AllocateUninitializedArray<byte>((int)bytes);
            }

            _buffered = Math.Min(_buffer.Length, rest);
            _sequence.Read(_offset, _buffer.AsSpan(0, _buffered));
        }
    }
}
