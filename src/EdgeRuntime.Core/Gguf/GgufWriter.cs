using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Gguf;

/// <summary>
/// Writes a GGUF file in one pass: add all keys and tensors, then append the bytes of the tensors in the same order with
/// <see cref="WriteData"/>, then call <see cref="Complete"/>. Only the header is kept in memory. The caller owns the stream.
/// </summary>
/// <example>
/// <code>
/// using FileStream output = File.Create("small.gguf");
/// var writer = new GgufWriter(output);
/// writer.AddKey("general.architecture", "example");
/// writer.AddTensor("scale", TensorType.F32, 1);
/// writer.WriteData(BitConverter.GetBytes(0.5f));
/// writer.Complete();
/// </code>
/// </example>
public sealed class GgufWriter
{
    private const int CopyBytes = 4 << 20;

    private readonly Stream _output;
    private readonly uint _version;
    private readonly int _alignment;
    private readonly ArrayBufferWriter<byte> _keys = new();
    private readonly HashSet<string> _keyNames = new(StringComparer.Ordinal);
    private readonly List<GgufTensorInfo> _tensors = [];
    private readonly HashSet<string> _tensorNames = new(StringComparer.Ordinal);
    private long _nextOffset;
    private long _written;
    private int _current;
    private bool _headerWritten;

    /// <param name="output">The stream to write to, starting at its position. It need not be seekable.</param>
    /// <param name="alignment">
    /// The alignment of tensors in bytes, a power of two. A value other than the default is written as a key.
    /// </param>
    /// <param name="version">The GGUF version, 2 or 3. Both have the same layout.</param>
    public GgufWriter(Stream output, int alignment = GgufLimits.DefaultAlignment, uint version = GgufLimits.MaxVersion)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(alignment, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(alignment, GgufLimits.MaxAlignment);
        ArgumentOutOfRangeException.ThrowIfNotEqual(alignment & (alignment - 1), 0, nameof(alignment));
        ArgumentOutOfRangeException.ThrowIfLessThan(version, GgufLimits.MinVersion);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, GgufLimits.MaxVersion);
        _output = output;
        _version = version;
        _alignment = alignment;
        if (alignment != GgufLimits.DefaultAlignment)
        {
            AddKey(GgufPartReader.AlignmentKey, (uint)alignment);
        }
    }

    /// <summary>Adds a key and its value.</summary>
    /// <param name="key">An unused key, 1 to 65535 bytes of UTF-8 without control characters.</param>
    /// <param name="value">A scalar or an array of a type that <see cref="GgufMetadata.TryGetValue"/> returns.</param>
    /// <exception cref="ArgumentException">A file cannot have this key or value.</exception>
    public void AddKey(string key, object value)
    {
        AddKeyName(key);
        if (value is Array elements)
        {
            Write(_keys, (uint)GgufValueType.Array);
            Write(_keys, (uint)GgufValueTypes.Of(value.GetType().GetElementType()!));
            Write(_keys, (ulong)elements.Length);
        }
        else
        {
            Write(_keys, (uint)GgufValueTypes.Of(value.GetType()));
        }

        WriteValue(_keys, value);
    }

    /// <summary>Adds a key with the value that it has in another file, byte for byte.</summary>
    /// <param name="source">The metadata of a file that is open.</param>
    /// <param name="key">A key of that file, unused in this one.</param>
    /// <exception cref="ArgumentException">The other file does not have the key, or this one has it already.</exception>
    public void CopyKey(GgufMetadata source, string key)
    {
        ArgumentNullException.ThrowIfNull(source);
        GgufValueShape shape = source.GetShape(key)
            ?? throw new ArgumentException($"The other file has no key {GgufText.Quote(key)}.", nameof(key));
        AddKeyName(key);
        Write(_keys, (uint)shape.Type);
        byte[] bytes = source.ReadBytes(key);
        if (shape.Type == GgufValueType.Array)
        {
            Write(_keys, (uint)shape.ElementType);
            Write(_keys, (ulong)shape.Count);
        }
        else if (shape.Type == GgufValueType.String)
        {
            Write(_keys, (ulong)bytes.Length);
        }

        _keys.Write(bytes);
    }

    /// <summary>Adds a tensor. Its bytes follow later, in the order in which tensors were added.</summary>
    /// <param name="name">An unused name, 1 to 63 bytes of UTF-8 without control characters.</param>
    /// <param name="type">A type that files may use.</param>
    /// <param name="dimensions">One to four dimensions, innermost first. The first one is a multiple of the block size.</param>
    /// <exception cref="ArgumentException">A file cannot have this tensor.</exception>
    public void AddTensor(string name, TensorType type, params ReadOnlySpan<long> dimensions)
    {
        CheckHeaderOpen();
        CheckName(name, GgufLimits.MaxTensorNameBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimensions.Length, 1, nameof(dimensions));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimensions.Length, GgufLimits.MaxDimensions, nameof(dimensions));
        TensorTypeFacts facts = TensorTypes.Find(type) is { IsRemoved: false } found
            ? found
            : throw new ArgumentOutOfRangeException(nameof(type), type, "No file may use this type.");
        if (dimensions[0] % facts.BlockElements != 0 || dimensions.IndexOfAnyExceptInRange(1, long.MaxValue) >= 0)
        {
            throw new ArgumentException($"Dimensions are positive, and the first a multiple of {facts.BlockElements}.", nameof(dimensions));
        }

        if (!_tensorNames.Add(name))
        {
            throw new ArgumentException($"The tensor {GgufText.Quote(name)} is there already.", nameof(name));
        }

        long rowBytes = checked(dimensions[0] / facts.BlockElements * facts.BlockBytes);
        long rows = 1;
        foreach (long dimension in dimensions[1..])
        {
            rows = checked(rows * dimension);
        }

        _tensors.Add(new GgufTensorInfo(name, dimensions.ToArray(), type, rowBytes, rows, _nextOffset));
        _nextOffset = checked(_nextOffset + (rowBytes * rows) + facts.TailBytes + _alignment - 1) / _alignment * _alignment;
    }

    /// <summary>Appends bytes to the current tensor, which is the first incomplete one.</summary>
    /// <param name="bytes">Not more than the missing bytes of the tensor. A tensor may be written in any number of calls.</param>
    /// <exception cref="InvalidOperationException">All tensors are complete, or the tensor has fewer missing bytes.</exception>
    public void WriteData(ReadOnlySpan<byte> bytes)
    {
        WriteHeader();
        if (_current == _tensors.Count || bytes.Length > _tensors[_current].ByteLength - _written)
        {
            throw new InvalidOperationException("More bytes than the tensors have.");
        }

        _output.Write(bytes);
        _written += bytes.Length;
        if (_written == _tensors[_current].ByteLength)
        {
            WritePadding(_written);
            _current++;
            _written = 0;
        }
    }

    /// <summary>Appends all bytes of a tensor of another file, in pieces.</summary>
    /// <param name="source">A tensor of the same type and shape as the current one.</param>
    /// <exception cref="InvalidOperationException">The current tensor has fewer missing bytes.</exception>
    /// <exception cref="IOException">The other file cannot be read any more.</exception>
    public void CopyData(GgufTensor source)
    {
        ArgumentNullException.ThrowIfNull(source);
        byte[] piece = ArrayPool<byte>.Shared.Rent((int)Math.Min(source.ByteLength, CopyBytes));
        try
        {
            for (long offset = 0; offset < source.ByteLength; offset += piece.Length)
            {
                Span<byte> part = piece.AsSpan(0, (int)Math.Min(piece.Length, source.ByteLength - offset));
                source.ReadBytes(offset, part);
                WriteData(part);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>Checks that all tensors are complete, and writes the header of a file without tensors.</summary>
    /// <exception cref="InvalidOperationException">Bytes of a tensor are missing.</exception>
    public void Complete()
    {
        WriteHeader();
        if (_current != _tensors.Count)
        {
            throw new InvalidOperationException($"Bytes of the tensor {GgufText.Quote(_tensors[_current].Name)} are missing.");
        }

        _output.Flush();
    }

    private void AddKeyName(string key)
    {
        CheckHeaderOpen();
        CheckName(key, GgufLimits.MaxKeyBytes);
        if (!_keyNames.Add(key))
        {
            throw new ArgumentException($"The key {GgufText.Quote(key)} is there already.", nameof(key));
        }

        Write(_keys, key);
    }

    private static void CheckName(string name, int limit)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length == 0 || bytes.Length > limit || GgufText.DecodeName(bytes) != name)
        {
            throw new ArgumentException(
                $"{GgufText.Quote(name)} is not 1 to {limit} bytes of UTF-8 without control characters.", nameof(name));
        }
    }

    private static void WriteValue(ArrayBufferWriter<byte> buffer, object value)
    {
        switch (value)
        {
            case string text: Write(buffer, text); break;
            case string[] texts: Array.ForEach(texts, text => Write(buffer, text)); break;
            case bool flag: WriteRaw(buffer, [flag]); break;
            case bool[] flags: WriteRaw<bool>(buffer, flags); break;
            case byte number: WriteRaw(buffer, [number]); break;
            case byte[] numbers: WriteRaw<byte>(buffer, numbers); break;
            case sbyte number: WriteRaw(buffer, [number]); break;
            case sbyte[] numbers: WriteRaw<sbyte>(buffer, numbers); break;
            case ushort number: WriteRaw(buffer, [number]); break;
            case ushort[] numbers: WriteRaw<ushort>(buffer, numbers); break;
            case short number: WriteRaw(buffer, [number]); break;
            case short[] numbers: WriteRaw<short>(buffer, numbers); break;
            case uint number: WriteRaw(buffer, [number]); break;
            case uint[] numbers: WriteRaw<uint>(buffer, numbers); break;
            case int number: WriteRaw(buffer, [number]); break;
            case int[] numbers: WriteRaw<int>(buffer, numbers); break;
            case ulong number: WriteRaw(buffer, [number]); break;
            case ulong[] numbers: WriteRaw<ulong>(buffer, numbers); break;
            case long number: WriteRaw(buffer, [number]); break;
            case long[] numbers: WriteRaw<long>(buffer, numbers); break;
            case float number: WriteRaw(buffer, [number]); break;
            case float[] numbers: WriteRaw<float>(buffer, numbers); break;
            case double number: WriteRaw(buffer, [number]); break;
            default: WriteRaw<double>(buffer, (double[])value); break;
        }
    }

    private static void Write(ArrayBufferWriter<byte> buffer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Write(buffer, (ulong)bytes.Length);
        buffer.Write(bytes);
    }

    private static void Write<T>(ArrayBufferWriter<byte> buffer, T number)
        where T : unmanaged => WriteRaw(buffer, [number]);

    /// <summary>Writes numbers in the byte order of the machine: files and all supported machines are little-endian.</summary>
    private static void WriteRaw<T>(ArrayBufferWriter<byte> buffer, ReadOnlySpan<T> numbers)
        where T : unmanaged => buffer.Write(MemoryMarshal.AsBytes(numbers));

    private void CheckHeaderOpen()
    {
        if (_headerWritten)
        {
            throw new InvalidOperationException("Keys and tensors are named before the first bytes of data.");
        }
    }

    private void WriteHeader()
    {
        if (_headerWritten)
        {
            return;
        }

        _headerWritten = true;
        ArrayBufferWriter<byte> header = new();
        header.Write("GGUF"u8);
        Write(header, _version);
        Write(header, (ulong)_tensors.Count);
        Write(header, (ulong)_keyNames.Count);
        header.Write(_keys.WrittenSpan);
        foreach (GgufTensorInfo tensor in _tensors)
        {
            Write(header, tensor.Name);
            Write(header, (uint)tensor.Dimensions.Length);
            WriteRaw<long>(header, tensor.Dimensions);
            Write(header, (uint)tensor.Type);
            Write(header, (ulong)tensor.DataOffset);
        }

        _output.Write(header.WrittenSpan);
        WritePadding(header.WrittenCount);
    }

    /// <summary>Writes zeros up to the next multiple of the alignment.</summary>
    private void WritePadding(long length)
    {
        long end = (length + _alignment - 1) / _alignment * _alignment;
        _output.Write(new byte[end - length]);
    }
}
