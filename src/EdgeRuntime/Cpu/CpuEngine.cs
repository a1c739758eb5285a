using System;
using System.Collections.Generic;
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
/// Runs a model's modules on the processor: one pass over all modules for each batch, on every thread of a pool. Owns the weights and the
/// scratch, which all sequences share.
/// </summary>
internal sealed unsafe partial class CpuEngine : IEngine, ITeamWork
{
    private readonly Lock _passes = new();
    private readonly string _name;
    private readonly ModelModules _modules;
    private readonly Stage[] _stages;
    private readonly int _outputStage;
    private readonly StatePlan _statePlan;
    private readonly ModelWeights _weights;
    private readonly Action _released;
    private readonly List<CpuAdapter> _adapters = [];
    private WorkerPool _team;
    private Pass _pass;
    private NativeBuffer _outputs = new(0); // of several slices, side by side
    private int _references = 1; // the engine itself and its states
    private int _disposed;
    private volatile bool _cancelled;

    /// <param name="name">The model's name in messages.</param>
    /// <param name="modules">The modules, which have bound their tensors; not owned.</param>
    /// <param name="weights">The weights; owned by the engine from now on.</param>
    /// <param name="prefill">Kernels for several rows.</param>
    /// <param name="decode">Kernels that multiply a single row.</param>
    /// <param name="threads">Threads that compute, the caller included.</param>
    /// <param name="released">Called when the last of engine and states is disposed, after everything else is freed.</param>
    public CpuEngine(
        string name,
        ModelModules modules,
        ModelWeights weights,
        InstructionSet prefill,
        InstructionSet decode,
        int threads,
        Action released)
    {
        _name = name;
        _modules = modules;
        _stages = [.. modules.Stages];
        _outputStage = _stages is [.., { IsRowwise: true }, Head] ? _stages.Length - 2 : -1;
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
    public bool HasLogits => _modules.HasLogits;

    /// <inheritdoc/>
    public EmbeddingSpec Embedding => _modules.TextHeads.Spec;

    /// <inheritdoc/>
    public int HiddenSize => _modules.Hidden;

    /// <inheritdoc/>
    public int ContextLength => _modules.ContextLength;

    /// <summary>The layers with keys and values, in the order of the cache of a sequence.</summary>
    public IReadOnlyList<KvLayer> StateLayers => _statePlan.Layers;

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
                nameof(options),
                $"a context of {options.Capacity} tokens: the model has learned {_statePlan.MostPositions} positions and has no others");
        }

        if (_statePlan.TakesWholePasses)
        {
            options = options with { BatchTokens = options.Capacity };
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
            Reserve(BatchRules.Check(batch, this));
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

    /// <inheritdoc/>
    public LoraAdapter LoadAdapter(string path)
    {
        AddReference();
        try
        {
            CpuAdapter adapter = CpuAdapter.Load(this, path, _weights.Architecture, _weights.ByName);
            lock (_passes)
            {
                adapter.Attach();
                _adapters.Add(adapter);
            }

            return adapter;
        }
        finally
        {
            Release();
        }
    }

    /// <summary>Packs the weights that a quick start left to the first passes. May run beside passes, which wait.</summary>
    /// <inheritdoc cref="ModelWeights.Pack" path="/exception"/>
    public void Prepare(CancellationToken cancellationToken)
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

    /// <summary>Lets statistics observe the passes from now on.</summary>
    /// <param name="inputs">The statistics, for as many threads as the engine has; null for none.</param>
    /// <returns>The statistics that observed the passes until now, which are complete; null if there were none.</returns>
    public InputStatistics? Observe(InputStatistics? inputs)
    {
        lock (_passes)
        {
            InputStatistics? before = _pass.Inputs;
            _pass.Inputs = inputs;
            return before;
        }
    }

    /// <summary>Changes the kernels and the number of threads, to measure them.</summary>
    /// <exception cref="InvalidOperationException">The engine has states, which keep the settings that they were created with.</exception>
    public void Use(InstructionSet prefill, InstructionSet decode, int threads)
    {
        lock (_passes)
        {
            if (Volatile.Read(ref _references) != 1)
            {
                throw new InvalidOperationException("an engine with states keeps its kernels and threads");
            }

            WorkerPool before = _team;
            _team = SharedWorkerPool.Rent(threads);
            SharedWorkerPool.Return(before);
            (Prefill, Decode) = (prefill, decode);
            _weights.UseKernels(prefill, decode);
            _adapters.ForEach(adapter => adapter.UseKernels(prefill, decode));
            _pass.Dispose();
            _pass = new Pass(_team, prefill, NewPlan(default));
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
            _adapters.ForEach(static adapter => adapter.Dispose());
            SharedWorkerPool.Return(_team);
            _released();
        }
    }

    /// <summary>Plans larger scratch where the present one is too small for such a batch.</summary>
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
}
