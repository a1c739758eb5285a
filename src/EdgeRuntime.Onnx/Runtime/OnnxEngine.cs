using System;
using System.Numerics.Tensors;
using System.Threading;
using EdgeRuntime.Engine;
using Microsoft.ML.OnnxRuntime;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// Computes a model as an ONNX graph on an execution provider. The sequences of a batch run one after the other, and long prompts in parts.
/// Owns the session.
/// </summary>
internal sealed class OnnxEngine : IEngine
{
    /// <summary>The most rows of logits of a run, which bounds the memory of logits.</summary>
    private const int MaxRows = 64;

    private readonly Lock _passes = new();
    private readonly OnnxSession _session;
    private readonly RunOptions _run;
    private readonly Action _terminate;
    private readonly Action? _released;
    private int _references = 1; // the engine itself and its states
    private int _disposed;

    /// <param name="session">The session; owned by the engine from now on.</param>
    /// <param name="weightBytes">The bytes of weights.</param>
    /// <param name="released">Called when the engine and its states are disposed; null for nothing.</param>
    /// <param name="vocabulary">The number of token ids, if the graph has more logits; null for the number of logits.</param>
    public OnnxEngine(OnnxSession session, long weightBytes, Action? released = null, int? vocabulary = null)
    {
        VocabularySize = vocabulary ?? session.Form.Config.VocabularySize;
        (_session, WeightBytes, _released) = (session, weightBytes, released);
        _run = new RunOptions();
        _terminate = () => _run.Terminate = true;
        Name = $"{session.Settings.Profile.Name} (ONNX Runtime)";
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Threads => _session.Settings.Threads;

    /// <inheritdoc/>
    public long WeightBytes { get; }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public int HiddenSize => _session.Form.Config.HiddenSize;

    /// <inheritdoc/>
    public int ContextLength => _session.Form.Config.ContextLength;

    /// <summary>Gets the device.</summary>
    public OnnxProfile Profile => _session.Settings.Profile;

    /// <summary>Gets the inputs and outputs of the graph.</summary>
    public GraphForm Form => _session.Form;

    /// <inheritdoc/>
    /// <exception cref="OnnxDeviceException">The device has no memory of the size that the capacity needs.</exception>
    public IEngineState CreateState(EngineStateOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Capacity, 1, nameof(options));
        if (options.Capacity > ContextLength)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), $"a context of {options.Capacity} tokens: the graph has the rotations of {ContextLength} positions");
        }

        AddReference();
        try
        {
            lock (_passes)
            {
                return new OnnxState(_session, this, options.Capacity, _passes, Release);
            }
        }
        catch (Exception exception)
        {
            Release();
            throw OnnxErrors.IsOfRuntime(exception)
                ? OnnxErrors.Translate($"{Profile.Name}: a context of {options.Capacity} tokens", exception)
                : exception;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OnnxDeviceException">The device failed. No state has changed.</exception>
    /// <exception cref="NotSupportedException">A slice asks for hidden states.</exception>
    public void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default)
    {
        lock (_passes)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);
            OnnxBatch.Check(batch, this);
            _run.Terminate = false;
            using (cancellationToken.UnsafeRegister(static terminate => ((Action)terminate!)(), _terminate))
            {
                foreach (ref readonly BatchSlice slice in batch)
                {
                    Compute(slice, cancellationToken);
                }
            }

            foreach (ref readonly BatchSlice slice in batch)
            {
                ((OnnxState)slice.State).Advance(slice.Tokens.Length);
            }
        }
    }

    /// <inheritdoc/>
    public void Prepare(CancellationToken cancellationToken = default) =>
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
    }

    /// <summary>Computes the tokens of a slice in parts.</summary>
    private void Compute(in BatchSlice slice, CancellationToken cancellationToken)
    {
        var state = (OnnxState)slice.State;
        int length = slice.Tokens.Length;
        int firstRow = length - slice.OutputRows;
        for (int done = 0; done < length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int start = state.Length + done;
            int count = PartLength(start, length - done, firstRow - done);
            int rows = Math.Clamp(done + count - firstRow, 0, count);
            int rowsBefore = Math.Max(0, done + count - rows - firstRow);
            Span<float> output = slice.Output.Span.Slice(rowsBefore * VocabularySize, rows * VocabularySize);
            Compute(state, start, slice.Tokens.Span.Slice(done, count), output, cancellationToken);
            done += count;
        }
    }

    private void Compute(OnnxState state, int start, ReadOnlySpan<int> tokens, Span<float> output, CancellationToken cancellationToken)
    {
        try
        {
            state.Compute(_run, start, tokens, PaddedLength(start, tokens.Length, state.Capacity), output);
        }
        catch (Exception exception) when (OnnxErrors.IsOfRuntime(exception))
        {
            cancellationToken.ThrowIfCancellationRequested(); // a terminated run throws, too
            throw OnnxErrors.Translate($"{Profile.Name}: {_session.Path}", exception);
        }

        if (!float.IsFinite(TensorPrimitives.Sum<float>(output)))
        {
            int place = 0;
            while (place < output.Length - 1 && float.IsFinite(output[place]))
            {
                place++;
            }

            int token = tokens.Length - ((output.Length - place + VocabularySize - 1) / VocabularySize);
            throw new NonFiniteException(_session.Path, "logits", null, start + token, tokens[token], output[place]);
        }
    }

    /// <summary>Gets the number of tokens of the next run.</summary>
    /// <param name="start">The number of positions before them.</param>
    /// <param name="left">The number of tokens that are not computed yet.</param>
    /// <param name="withoutRow">The number of these that need no logits.</param>
    private int PartLength(int start, int left, int withoutRow)
    {
        if (start > 0 && !Profile.AppendsPrompts)
        {
            return 1;
        }

        // A prompt of a device that appends none has to be computed at once.
        int most = Profile.AppendsPrompts ? Math.Min(left, Profile.MostTokens) : left;
        return _session.Form.Logits switch
        {
            LogitsForm.Chosen => withoutRow >= most ? most : Math.Min(most, Math.Max(0, withoutRow) + MaxRows),
            LogitsForm.Last => withoutRow > 0 ? Math.Min(most, withoutRow) : 1,
            _ => Math.Min(most, MaxRows),
        };
    }

    private int PaddedLength(int start, int tokens, int capacity)
    {
        if (tokens > 1 && _session.Form is { HasLengths: true, Logits: LogitsForm.Chosen, States.Count: 0 }) // padding is no state
        {
            foreach (int length in Profile.PrefillLengths)
            {
                if (length >= tokens && start + length <= capacity)
                {
                    return length;
                }
            }
        }

        return tokens;
    }

    private void AddReference()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        Interlocked.Increment(ref _references);
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _run.Dispose();
            _session.Dispose();
            _released?.Invoke();
        }
    }
}
