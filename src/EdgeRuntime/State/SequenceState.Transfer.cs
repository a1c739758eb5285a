using System;
using System.IO;
using EdgeRuntime.Engine;

namespace EdgeRuntime.State;

internal sealed unsafe partial class SequenceState
{
    private Span<byte> RecurrentBytes => new(_recurrent.Pointer, checked((int)_recurrent.ByteLength));

    /// <inheritdoc/>
    public void CopyFrom(IEngineState source, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (source is not SequenceState other || ReferenceEquals(other, this) || other.Owner != Owner || other.Types != Types)
        {
            throw new ArgumentException("expected another state of the same engine with the same number formats", nameof(source));
        }

        if (length > 0 && !other._adapters.AsSpan().SequenceEqual(_adapters))
        {
            throw new ArgumentException("expected a state with the same adapters", nameof(source));
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Capacity, nameof(length));
        if (other.NearestLength(length) != length)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"a state of {other.Length} positions can't be copied at {length}; ask NearestLength"),
                nameof(length));
        }

        _cache?.CopyFrom(other._cache!, length);
        if (length == 0)
        {
            RestoreRecurrent(0);
        }
        else if (HasRecurrent)
        {
            byte* recurrent = length == other.Length ? other._recurrent.Pointer : other._snapshot!.Pointer;
            new ReadOnlySpan<byte>(recurrent, RecurrentBytes.Length).CopyTo(RecurrentBytes);
        }

        Length = length;
        TakeSnapshot();
    }

    /// <summary>Appends positions that another engine has computed. Only for models without recurrent state.</summary>
    /// <param name="end">The length of the state afterwards; at most <see cref="Capacity"/>.</param>
    /// <param name="read">Reads keys and values. If it throws, the state is empty.</param>
    /// <exception cref="InvalidOperationException">The model has recurrent state.</exception>
    public void Append(int end, KeyValueReader read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (HasRecurrent || _cache is null)
        {
            throw new InvalidOperationException("a state that is not keys and values alone; expected one without recurrent state");
        }

        try
        {
            _cache.Append(end, read);
        }
        finally
        {
            Length = _cache.Length;
        }
    }

    /// <inheritdoc/>
    public void Save(Stream destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SavedStateHeader.Of(_plan, Types, Length).Write(destination);
        using ChecksumStream content = new(destination);
        _cache?.Save(0, Length, content);
        if (HasRecurrent)
        {
            content.Write(RecurrentBytes);
        }

        content.WriteChecksum();
    }

    /// <inheritdoc/>
    public void Load(Stream source)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Truncate(0);
        try
        {
            int length = SavedStateHeader.Read(source).RequireFit(SavedStateHeader.Of(_plan, Types, Capacity));
            using ChecksumStream content = new(source);
            _cache?.Restore(0, length, content);
            if (HasRecurrent)
            {
                content.ReadExactly(RecurrentBytes);
            }

            content.RequireChecksum();
            Length = length;
            TakeSnapshot();
        }
        catch (Exception exception)
        {
            _cache?.Truncate(0);
            RestoreRecurrent(0);
            if (exception is EndOfStreamException end)
            {
                throw SavedStateHeader.TooShort(end);
            }

            throw;
        }
    }
}
