using System;

namespace EdgeRuntime;

/// <summary>A normalized text whose bytes know their places in the original text. Scratch memory for one caller.</summary>
internal sealed class MappedText
{
    // Larger buffers are released after use, so that one long text does not hold its memory forever.
    private const int MaxKeptBytes = 1 << 18;

    private byte[] _bytes = new byte[256];
    private int[] _ends = new int[256];

    /// <summary>Gets the number of bytes.</summary>
    public int Length { get; private set; }

    /// <summary>Gets the bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>
    /// Gets, for each byte, the index behind its character in the original text. All bytes but the last one of a character end inside it,
    /// so that tokens that share the character have the range of the whole character.
    /// </summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Length);

    /// <summary>Removes all bytes.</summary>
    public void Clear() => Length = 0;

    /// <summary>Appends a byte.</summary>
    public void Add(byte value, int end)
    {
        if (Length == _bytes.Length)
        {
            Grow(1);
        }

        _bytes[Length] = value;
        _ends[Length++] = end;
    }

    /// <summary>Appends bytes that stand for a range of the original text.</summary>
    public void Add(ReadOnlySpan<byte> bytes, int start, int end)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_bytes.Length - Length < bytes.Length)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_bytes.AsSpan(Length));
        _ends.AsSpan(Length, bytes.Length - 1).Fill(Math.Min(start + 1, end));
        Length += bytes.Length;
        _ends[Length - 1] = end;
    }

    /// <summary>Releases the memory of an unusually long text.</summary>
    public void Trim()
    {
        if (_bytes.Length > MaxKeptBytes)
        {
            (_bytes, _ends, Length) = (new byte[256], new int[256], 0);
        }
    }

    private void Grow(int bytes)
    {
        int size = (int)Math.Min(Array.MaxLength, Math.Max(2L * _bytes.Length, Length + (long)bytes));
        Array.Resize(ref _bytes, size);
        Array.Resize(ref _ends, size);
    }
}
