using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.State;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeRuntime.Onnx.Runtime;

internal sealed partial class OnnxState
{
    /// <inheritdoc/>
    public void CopyFrom(IEngineState source, int length)
    {
        Require(StateAbilities.Copy, "copy");
        if (source is not OnnxState other || other == this || other.Owner != Owner || length < 0 || length > other.Length
            || length > Capacity || other.NearestLength(length) != length)
        {
            throw new ArgumentException(
                $"a state of another engine, or {length} positions, which one of the states can't have", nameof(source));
        }

        ObjectDisposedException.ThrowIf(other._isDisposed, other);
        for (int cache = 0; cache < _caches.Count; cache++)
        {
            for (int head = 0; head < _session.Form.Cache[cache].Heads; head++)
            {
                other.Positions(cache, head, length).CopyTo(Positions(cache, head, length));
            }
        }

        if (length > 0)
        {
            _recurrent?.CopyFrom(other._recurrent!, isSnapshot: length < other.Length);
        }
        else
        {
            _recurrent?.Clear();
        }

        Length = _snapshotLength = length;
    }

    /// <inheritdoc/>
    public void Save(Stream destination)
    {
        Require(StateAbilities.Save, "save");
        HeaderOf(_session.Form, Length).Write(destination);
        using ChecksumStream content = new(destination);
        for (int cache = 0; cache < _caches.Count; cache++)
        {
            for (int head = 0; head < _session.Form.Cache[cache].Heads; head++)
            {
                content.Write(Positions(cache, head, Length));
            }
        }

        _recurrent?.Save(content);
        content.WriteChecksum();
    }

    /// <inheritdoc/>
    /// <exception cref="OnnxDeviceException">The device has no memory for recurrent state.</exception>
    public void Load(Stream source)
    {
        Require(StateAbilities.Save, "load");
        Truncate(0);
        try
        {
            int length = SavedStateHeader.Read(source).RequireFit(HeaderOf(_session.Form, Capacity));
            using ChecksumStream content = new(source);
            for (int cache = 0; cache < _caches.Count; cache++)
            {
                for (int head = 0; head < _session.Form.Cache[cache].Heads; head++)
                {
                    content.ReadExactly(Positions(cache, head, length));
                }
            }

            _recurrent?.Load(content);
            content.RequireChecksum();
            Length = _snapshotLength = length;
        }
        catch (EndOfStreamException exception)
        {
            throw SavedStateHeader.TooShort(exception);
        }
        catch (Exception exception) when (OnnxErrors.IsOfRuntime(exception))
        {
            throw OnnxErrors.Translate($"{Owner.Name}: reading a saved state", exception);
        }
        finally
        {
            if (Length == 0)
            {
                _recurrent?.Clear(); // what was read is not to be trusted
            }
        }
    }

    /// <summary>
    /// Describes the state of a graph with so many positions: the caches as they lie in memory, then the recurrent state.
    /// </summary>
    private static SavedStateHeader HeaderOf(GraphForm form, int length)
    {
        ulong shape = SavedStateHeader.ShapeOf(form.Cache
            .Select(static cache => FormattableString.Invariant($"cache {cache.Type} {cache.Heads} {cache.HeadSize}"))
            .Concat(form.States.Select(static state => $"state {state.Type} {string.Join(' ', state.Shape)}")));
        return new SavedStateHeader(
            new KvTypes(TypeOf(form, 0), TypeOf(form, 1)),
            form.Cache.Count / 2,
            form.States.Sum(static state => state.Shape.Aggregate(1L, static (product, size) => product * size)),
            shape,
            length);
    }

    /// <summary>Gets the number format of keys (0) or values (1).</summary>
    private static KvCacheType TypeOf(GraphForm form, int index) =>
        form.Cache.Count == 0 ? KvCacheType.F32
        : form.Cache[index].Type switch
        {
            TensorElementType.Float => KvCacheType.F32,
            TensorElementType.Float16 => KvCacheType.F16,
            _ => KvCacheType.BF16,
        };

    private void Require(StateAbilities ability, string verb)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if ((Abilities & ability) == 0)
        {
            throw new NotSupportedException($"{Owner.Name} can't {verb} a cache: it lies in the memory of the device");
        }
    }

    /// <summary>Gets the first positions of a head.</summary>
    private Span<byte> Positions(int cache, int head, int count)
    {
        CacheTensor form = _session.Form.Cache[cache];
        int row = form.HeadSize * form.ElementBytes;
        return _caches[cache].GetTensorMutableRawData().Slice(checked(head * Capacity * row), count * row);
    }
}
