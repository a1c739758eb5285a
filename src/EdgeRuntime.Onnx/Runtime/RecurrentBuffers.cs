using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// The recurrent state of a sequence, in the memory of the device. A pass reads one set of tensors and writes another, so a failed pass
/// changes nothing, and a snapshot is a set that no pass writes. Sets are allocated when they are needed. Owns its tensors.
/// </summary>
internal sealed class RecurrentBuffers : IDisposable
{
    private readonly OnnxSession _session;
    private readonly List<OrtValue> _zeros = [];
    private readonly List<OrtValue[]> _sets = [];
    private readonly OrtValue[] _start; // the state of an empty sequence, in the memory of the processor
    private OrtValue[] _present;
    private OrtValue[] _next;
    private OrtValue[] _snapshot;

    /// <param name="session">The session; not owned.</param>
    public RecurrentBuffers(OnnxSession session)
    {
        _session = session;
        var known = new Dictionary<string, OrtValue>(StringComparer.Ordinal);
        _start = [.. session.Form.States.Select(state => FindZeros(state, known))];
        (_present, _next, _snapshot) = (_start, _start, _start);
    }

    /// <summary>Gets the bytes of the state before a pass and after it.</summary>
    public long ByteSize => 2 * _session.Form.States.Sum(static state => state.ByteSize);

    /// <summary>Binds the state before a part of a pass, and the state after it.</summary>
    /// <param name="binding">The binding of the sequence.</param>
    /// <param name="isFirst">Whether the part is the first of the pass.</param>
    public void Bind(OrtIoBinding binding, bool isFirst)
    {
        OrtValue[] before = isFirst ? _present : _next;
        OrtValue[] after = FindFree(before);
        for (int i = 0; i < after.Length; i++)
        {
            StateTensor state = _session.Form.States[i];
            binding.BindInput(state.Past, before[i]);
            binding.BindOutput(state.Present, after[i]);
        }

        _next = after;
    }

    /// <summary>Makes the state after the last part the present one.</summary>
    public void Advance() => _present = _next;

    /// <summary>Keeps the present state, instead of the last one that was kept.</summary>
    public void TakeSnapshot() => _snapshot = _present;

    /// <summary>Returns to the state that was kept.</summary>
    public void Restore() => _present = _snapshot;

    /// <summary>Returns to the start, and forgets the state that was kept.</summary>
    public void Clear() => (_present, _snapshot) = (_start, _start);

    /// <summary>Becomes a copy of another state, and keeps it. Only in the memory of the processor.</summary>
    /// <param name="source">The other state.</param>
    /// <param name="isSnapshot">Whether to copy the state that the other one has kept, instead of its present one.</param>
    public void CopyFrom(RecurrentBuffers source, bool isSnapshot)
    {
        OrtValue[] from = isSnapshot ? source._snapshot : source._present;
        OrtValue[] to = FindFree(_start);
        for (int i = 0; i < to.Length; i++)
        {
            from[i].GetTensorMutableRawData().CopyTo(to[i].GetTensorMutableRawData());
        }

        (_present, _snapshot) = (to, to);
    }

    /// <summary>Writes the present state. Only in the memory of the processor.</summary>
    public void Save(Stream destination)
    {
        foreach (OrtValue value in _present)
        {
            destination.Write(value.GetTensorMutableRawData());
        }
    }

    /// <summary>Becomes the state that was written, and keeps it. Only in the memory of the processor.</summary>
    /// <exception cref="EndOfStreamException">There are too few bytes. The state is as before.</exception>
    public void Load(Stream source)
    {
        OrtValue[] to = FindFree(_start);
        foreach (OrtValue value in to)
        {
            source.ReadExactly(value.GetTensorMutableRawData());
        }

        (_present, _snapshot) = (to, to);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _zeros.ForEach(static zeros => zeros.Dispose());
        _sets.ForEach(static set => Array.ForEach(set, static value => value?.Dispose()));
    }

    private OrtValue[] FindFree(OrtValue[] used)
    {
        OrtValue[]? free = _sets.Find(set => set != used && set != _present && set != _snapshot);
        if (free is null)
        {
            free = new OrtValue[_start.Length];
            _sets.Add(free);
        }

        for (int i = 0; i < free.Length; i++)
        {
            StateTensor state = _session.Form.States[i];
            free[i] ??= _session.AllocateCache(state.Type, state.Shape); // null: new, or the device had no memory before
        }

        return free;
    }

    private OrtValue FindZeros(StateTensor state, Dictionary<string, OrtValue> known)
    {
        string key = $"{state.Type} {string.Join(',', state.Shape)}";
        if (!known.TryGetValue(key, out OrtValue? zeros))
        {
            zeros = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, state.Type, state.Shape);
            _zeros.Add(zeros);
            zeros.GetTensorMutableRawData().Clear();
            known.Add(key, zeros);
        }

        return zeros;
    }
}
