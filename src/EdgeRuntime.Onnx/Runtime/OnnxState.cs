using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.State;
using Microsoft.ML.OnnxRuntime;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// The KV cache and the recurrent state of a sequence, in the memory of the device. One tensor is bound as input and as output of each
/// layer's cache, so that a pass writes only what is new, and a shorter length is all that a return to it takes. Recurrent state returns to
/// its snapshot or to the start.
/// </summary>
internal sealed partial class OnnxState : IEngineState
{
    private readonly OnnxSession _session;
    private readonly Lock _passes;
    private readonly Action _released;
    private readonly List<OrtValue> _caches = [];
    private readonly OrtIoBinding _binding;
    private readonly PassInputs _decode;
    private readonly long[] _ones;
    private readonly RecurrentBuffers? _recurrent;
    private PassInputs? _prefill;
    private int _snapshotLength;
    private bool _isDisposed;

    /// <param name="session">The session; not owned.</param>
    /// <param name="owner">The engine.</param>
    /// <param name="capacity">The largest number of positions.</param>
    /// <param name="passes">Held by a pass, which the memory of the state has to outlive.</param>
    /// <param name="released">Called when the state is disposed.</param>
    public OnnxState(OnnxSession session, OnnxEngine owner, int capacity, Lock passes, Action released)
    {
        (_session, Owner, Capacity, _passes, _released) = (session, owner, capacity, passes, released);
        _ones = session.Form.HasMask ? new long[capacity] : [];
        Array.Fill(_ones, 1);
        _binding = session.CreateBinding();
        try
        {
            foreach (CacheTensor cache in session.Form.Cache)
            {
                OrtValue value = session.AllocateCache(cache.Type, [1, cache.Heads, capacity, cache.HeadSize]);
                _caches.Add(value);
                _binding.BindInput(cache.Past, value);
                _binding.BindOutput(cache.Present, value);
            }

            _recurrent = session.Form.States.Count == 0 ? null : new RecurrentBuffers(session);
            ByteSize = session.Form.Cache.Sum(cache => (long)cache.Heads * capacity * cache.HeadSize * cache.ElementBytes)
                + (_recurrent?.ByteSize ?? 0);
            _decode = new PassInputs(session.Form, tokens: 1, rows: 1);
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>Gets the engine that created the state.</summary>
    public OnnxEngine Owner { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public long ByteSize { get; }

    /// <inheritdoc/>
    public StateAbilities Abilities => (_recurrent is null ? StateAbilities.Truncate : StateAbilities.Snapshots)
        | (_session.HasHostCache ? StateAbilities.Copy | StateAbilities.Save : StateAbilities.None);

    /// <summary>Gets whether the state is disposed.</summary>
    public bool IsDisposed => _isDisposed;

    /// <inheritdoc/>
    public int NearestLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)Length, nameof(length));
        return _recurrent is null || length == Length ? length : _snapshotLength <= length ? _snapshotLength : 0;
    }

    /// <inheritdoc/>
    public void Truncate(int length)
    {
        this.RequireReachable(length);

        if (length < Length)
        {
            RestoreRecurrent(length);
        }

        Length = length;
    }

    /// <inheritdoc/>
    public void TakeSnapshot()
    {
        // Keys and values return to any length without one.
        _recurrent?.TakeSnapshot();
        _snapshotLength = Length;
    }

    /// <inheritdoc/>
    public void Shift(int keep, int count) => throw new NotSupportedException($"{Owner.Name} can't drop positions from a cache");

    /// <summary>Lets a caller read keys and values.</summary>
    /// <param name="use">Called with what reads them.</param>
    /// <exception cref="OnnxDeviceException">The device can't give them.</exception>
    public void Read(Action<KeyValueReader> use)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var reader = new CacheReader(_session, _caches, Capacity);
        try
        {
            use(reader.Read);
        }
        catch (Exception exception) when (OnnxErrors.IsOfRuntime(exception))
        {
            throw OnnxErrors.Translate($"{Owner.Name}: reading the cache", exception);
        }
    }

    /// <summary>Computes tokens after the first <paramref name="start"/> positions. The length stays as it is.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="start">The number of positions before the tokens.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="padded">The number of tokens with padding.</param>
    /// <param name="output">[rows, vocabulary]: receives the logits of the last tokens; may be empty.</param>
    public void Compute(RunOptions options, int start, ReadOnlySpan<int> tokens, int padded, Span<float> output)
    {
        PassInputs inputs = InputsOf(padded, Math.Max(1, output.Length / Owner.VocabularySize));
        inputs.Bind(_binding, start, tokens);
        _recurrent?.Bind(_binding, isFirst: start == Length);
        if (_session.Form.HasMask)
        {
            using OrtValue mask = OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, _ones.AsMemory(0, start + padded), [1, start + padded]);
            _binding.BindInput(_session.Form.Config.AttentionMask, mask);
            _session.Run(options, _binding);
        }
        else
        {
            _session.Run(options, _binding);
        }

        inputs.ReadLogits(tokens.Length, output, Owner.VocabularySize);
    }

    /// <summary>Counts computed tokens.</summary>
    public void Advance(int tokens)
    {
        _recurrent?.Advance();
        Length += tokens;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_passes)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            Release();
        }

        _released();
    }

    private void RestoreRecurrent(int length)
    {
        if (length > 0)
        {
            _recurrent?.Restore();
            return;
        }

        _recurrent?.Clear();
        _snapshotLength = 0;
    }

    private PassInputs InputsOf(int tokens, int rows)
    {
        if (_decode.IsOf(tokens, rows))
        {
            return _decode;
        }

        if (_prefill?.IsOf(tokens, rows) != true)
        {
            _prefill?.Dispose();
            _prefill = null;
            _prefill = new PassInputs(_session.Form, tokens, rows);
        }

        return _prefill;
    }

    private void Release()
    {
        _binding.Dispose();
        _caches.ForEach(static cache => cache.Dispose());
        _recurrent?.Dispose();
        _decode?.Dispose();
        _prefill?.Dispose();
    }
}
