using System;
using System.Numerics.Tensors;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.Modules;
using EdgeRuntime.State;
using EdgeRuntime.Threading;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Cpu;

/// <summary>
/// Runs a model's modules on the processor: one pass over all modules for a batch, on every thread of a team. It owns the weights and the
/// scratch, which all sequences share.
/// </summary>
internal sealed unsafe class CpuEngine : IEngine, ITeamWork
{
    private readonly Lock _passes = new();
    private readonly string _name;
    private readonly ModelModules _modules;
    private readonly Stage[] _stages;
    private readonly StatePlan _statePlan;
    private readonly ModelWeights _weights;
    private readonly Action _released;
    private WorkerPool _team;
    private Pass _pass;
    private NativeBuffer _outputs = new(0);
    private int _references = 1;
    private int _disposed;
    private volatile bool _cancelled;

    /// <param name="name">Of the model, for messages.</param>
    /// <param name="modules">Bound; not owned.</param>
    /// <param name="weights">Owned from here on.</param>
    /// <param name="prefill">Kernels for several rows.</param>
    /// <param name="decode">Kernels that multiply a single row.</param>
    /// <param name="threads">Threads that compute, the caller included.</param>
    /// <param name="released">Called when the last of engine and states is disposed, after everything else is freed.</param>
    public CpuEngine(
        string name, ModelModules modules, ModelWeights weights, InstructionSet prefill, InstructionSet decode, int threads, Action released)
    {
        _name = name;
        _modules = modules;
        _stages = [.. modules.Stages];
        _weights = weights;
        _released = released;
        _statePlan = modules.PlanState();
        weights.UseKernels(prefill, decode);
        (Prefill, Decode) = (prefill, decode);
        _team = SharedWorkerPool.Rent(threads);
        _pass = new Pass(_team, prefill, NewPlan(default));
    }

    /// <inheritdoc/>
    public string Name => $"CPU ({Prefill.Name})";

    /// <inheritdoc/>
    public int VocabularySize => _modules.Vocabulary;

    /// <inheritdoc/>
    public int HiddenSize => _modules.Hidden;

    /// <inheritdoc/>
    public int ContextLength => _modules.ContextLength;

    /// <summary>Kernels for several rows.</summary>
    public InstructionSet Prefill { get; private set; }

    /// <summary>Kernels that multiply a single row.</summary>
    public InstructionSet Decode { get; private set; }

    /// <inheritdoc/>
    public int Threads => _team.Threads;

    /// <inheritdoc/>
    public long WeightBytes => _weights.ByteSize;

    /// <summary>Whether all weights are packed.</summary>
    public bool IsPacked => _weights.IsPacked;

    /// <inheritdoc/>
    public IEngineState CreateState(EngineStateOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Capacity, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchTokens, 1, nameof(options));
        if (options.Capacity > _statePlan.MostPositions)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), $"a context of {options.Capacity} tokens: the model has learned {_statePlan.MostPositions} positions and has no others");
        }

        AddReference();
        try
        {
            lock (_passes)
            {
                Reserve(new BatchSize(
                    options.BatchTokens, Sequences: 1, options.Capacity, new KvTypes(options.KeyType, options.ValueType)));
            }

            return new SequenceState(_statePlan, options, this, Release);
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken)
    {
        lock (_passes)
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);
            Reserve(Check(batch));
            Fill(batch, cancellationToken);
            try
            {
                RunPass(batch);
                if (!IsSound(batch))
                {
                    throw FindUnsound(batch);
                }
            }
            finally
            {
                _pass.End();
            }

            foreach (ref readonly BatchSlice slice in batch)
            {
                ((SequenceState)slice.State).Advance(slice.Tokens.Length);
            }
        }
    }

    /// <summary>Packs what a quick start left to the first passes. May run beside passes, which wait.</summary>
    /// <inheritdoc cref="ModelWeights.Pack" path="/exception"/>
    public void PackWeights(CancellationToken cancellationToken)
    {
        AddReference();
        try
        {
            _weights.Pack(_team, cancellationToken);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Computes with other kernels and threads from now on: for measuring them.</summary>
    /// <exception cref="InvalidOperationException">There are states, which keep what they began with.</exception>
    public void Use(InstructionSet prefill, InstructionSet decode, int threads)
    {
        lock (_passes)
        {
            if (Volatile.Read(ref _references) != 1)
            {
                throw new InvalidOperationException("a model with open sessions keeps its kernels and threads");
            }

            WorkerPool before = _team;
            _team = SharedWorkerPool.Rent(threads);
            SharedWorkerPool.Return(before);
            (Prefill, Decode) = (prefill, decode);
            _weights.UseKernels(prefill, decode);
            _pass.Dispose();
            _pass = new Pass(_team, prefill, NewPlan(default));
        }
    }

    void ITeamWork.Run(WorkerPool team, int thread)
    {
        if (thread == 0)
        {
            _weights.BeginPass(); // the others begin to multiply after the barrier of the embedding
        }

        PassThread t = _pass.Threads[thread];
        for (int i = 0; i < _stages.Length; i++)
        {
            Stage stage = _stages[i];
            if (IsCancelled(t))
            {
                return;
            }

            stage.Run(t);
            if (thread == 0)
            {
                // Alone: the others change the residual stream only behind a barrier that this thread has yet to reach.
                _pass.Probe?.Look(stage.Prefix, stage.Kind, _pass.X, _pass.Hidden);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Release();
        }
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
            _pass.Dispose();
            _outputs.Dispose();
            _weights.Dispose();
            SharedWorkerPool.Return(_team);
            _released();
        }
    }

    /// <summary>Refuses what can't run; the size of what can.</summary>
    private BatchSize Check(ReadOnlySpan<BatchSlice> batch)
    {
        BatchSize size = default;
        foreach (ref readonly BatchSlice slice in batch)
        {
            if (slice.State is not SequenceState state || !ReferenceEquals(state.Owner, this))
            {
                throw new ArgumentException("a state of another engine; states run on the engine that created them", nameof(batch));
            }

            int width = slice.Kind == OutputKind.Logits ? VocabularySize : HiddenSize;
            if (slice.Tokens.IsEmpty || slice.OutputRows > slice.Tokens.Length || slice.Output.Length < (long)slice.OutputRows * width)
            {
                throw new ArgumentException(
                    $"{slice.Tokens.Length} tokens with {slice.OutputRows} outputs of {width} floats and room for {slice.Output.Length} floats; "
                    + "expected one token or more, at most as many outputs, and room for them",
                    nameof(batch));
            }

            if (slice.Tokens.Length > state.Capacity - state.Length)
            {
                throw new ContextFullException(state.Length, slice.Tokens.Length, state.Capacity);
            }

            if (slice.Tokens.Length > state.BatchTokens)
            {
                throw new ArgumentException($"{slice.Tokens.Length} tokens for a state that was created for up to {state.BatchTokens}", nameof(batch));
            }

            var one = new BatchSize(size.Rows + slice.Tokens.Length, size.Sequences + 1, state.Capacity, state.Types);
            if (size.Sequences > 0 && one.Types != size.Types)
            {
                throw new ArgumentException(
                    $"states with caches of {size.Types} and of {one.Types} in one batch; run them in batches of their own", nameof(batch));
            }

            size = size.With(one);
        }

        return size;
    }

    /// <summary>Plans the scratch anew where it is not made for such batches.</summary>
    private void Reserve(BatchSize size)
    {
        size = _pass.Size.With(size);
        if (size != _pass.Size)
        {
            ScratchPlan plan = NewPlan(size);
            foreach (Stage stage in _modules.Stages)
            {
                plan.BeginStage();
                stage.Plan(plan);
            }

            _pass.UsePlan(plan, _weights.ScratchBytes);
        }
    }

    private ScratchPlan NewPlan(BatchSize size) => new(Prefill, size, _modules.Hidden, _statePlan.RotationFloats);

    private void Fill(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken)
    {
        _pass.Begin(batch.Length, cancellationToken);
        foreach (ref readonly BatchSlice slice in batch)
        {
            var state = (SequenceState)slice.State;
            state.Reserve(slice.Tokens.Length);
            _pass.Add(state, slice.Tokens.Span, slice.OutputRows);
        }
    }

    /// <summary>One slice's outputs go straight to their place; those of several are computed side by side and then copied.</summary>
    private void RunPass(ReadOnlySpan<BatchSlice> batch)
    {
        _cancelled = false;
        int withOutput = 0;
        bool logits = false;
        bool hidden = false;
        BatchSlice last = default;
        foreach (ref readonly BatchSlice slice in batch)
        {
            if (slice.OutputRows > 0)
            {
                withOutput++;
                logits |= slice.Kind == OutputKind.Logits;
                hidden |= slice.Kind == OutputKind.Hidden;
                last = slice;
            }
        }

        if (withOutput <= 1)
        {
            fixed (float* output = last.Output.Span)
            {
                _pass.SetOutputs(logits ? output : null, hidden ? output : null);
                RunTeam();
            }

            return;
        }

        float* logitRows = ReserveOutputs(logits, hidden, out float* hiddenRows);
        _pass.SetOutputs(logitRows, hiddenRows);
        RunTeam();
        foreach (ref readonly BatchSlice slice in batch)
        {
            int width = slice.Kind == OutputKind.Logits ? VocabularySize : HiddenSize;
            float* rows = slice.Kind == OutputKind.Logits ? logitRows : hiddenRows;
            new ReadOnlySpan<float>(rows, slice.OutputRows * width).CopyTo(slice.Output.Span);
            logitRows += logits ? (long)slice.OutputRows * VocabularySize : 0;
            hiddenRows += hidden ? (long)slice.OutputRows * HiddenSize : 0;
        }
    }

    private bool IsSound(ReadOnlySpan<BatchSlice> batch)
    {
        bool isSound = !_pass.HasUnsoundRows && _pass.HasSoundResidual();
        foreach (ref readonly BatchSlice slice in batch)
        {
            int width = slice.Kind == OutputKind.Logits ? VocabularySize : HiddenSize;
            isSound = isSound && (slice.OutputRows == 0 || TensorPrimitives.IsFiniteAll<float>(slice.Output.Span[..(slice.OutputRows * width)]));
        }

        return isSound;
    }

    /// <summary>Computes a batch again whose result was not finite, and says where that began.</summary>
    private NonFiniteException FindUnsound(ReadOnlySpan<BatchSlice> batch)
    {
        var probe = new ActivationProbe(_pass);
        _pass.Probe = probe;
        try
        {
            RunPass(batch);
        }
        finally
        {
            _pass.Probe = null;
        }

        int output = 0;
        foreach (ref readonly BatchSlice slice in batch)
        {
            int width = slice.Kind == OutputKind.Logits ? VocabularySize : HiddenSize;
            for (int i = 0; i < slice.OutputRows && probe.Place is null; i++)
            {
                probe.LookAtRow(null, "output matrix", _pass.OutputRows[output + i], slice.Output.Span.Slice(i * width, width));
            }

            output += slice.OutputRows;
        }

        // What does not come again was no property of the weights.
        return probe.Place is null
            ? new NonFiniteException(
                _name, "a pass whose repetition gave numbers (the machine's memory may be faulty)", null, probe.Position, probe.Token, float.NaN)
            : new NonFiniteException(_name, probe.Place, probe.Layer, probe.Position, probe.Token, probe.Value);
    }

    private void RunTeam()
    {
        _team.Run(this);
        if (_cancelled)
        {
            _pass.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    private float* ReserveOutputs(bool logits, bool hidden, out float* hiddenRows)
    {
        long logitBytes = logits ? (long)_pass.OutputCount * VocabularySize * sizeof(float) : 0;
        long hiddenBytes = hidden ? (long)_pass.OutputCount * HiddenSize * sizeof(float) : 0;
        if (_outputs.ByteLength < logitBytes + hiddenBytes)
        {
            _outputs.Dispose();
            _outputs = new NativeBuffer(logitBytes + hiddenBytes);
        }

        hiddenRows = hidden ? (float*)(_outputs.Pointer + logitBytes) : null;
        return logits ? (float*)_outputs.Pointer : null;
    }

    /// <summary>Asked by the caller's thread alone, so that all threads leave at the same place; one row is over too soon to ask.</summary>
    private bool IsCancelled(PassThread t)
    {
        if (t.Rows == 1 || !_pass.CancellationToken.CanBeCanceled)
        {
            return false;
        }

        if (t.Index == 0)
        {
            _cancelled = _pass.CancellationToken.IsCancellationRequested;
        }

        t.Barrier();
        return _cancelled;
    }
}
