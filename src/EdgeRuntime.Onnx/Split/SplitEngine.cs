using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Cpu;
using EdgeRuntime.Engine;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Runtime;
using EdgeRuntime.State;

namespace EdgeRuntime.Onnx.Split;

/// <summary>
/// Computes prompts on a device and answers on the processor, which gets keys and values of a prompt once, with the first token after it.
/// Owns both engines.
/// </summary>
internal sealed class SplitEngine : IEngine
{
    private readonly Lock _passes = new();
    private readonly List<BatchSlice> _onProcessor = [];
    private readonly List<BatchSlice> _onDevice = [];
    private BatchSlice[] _batch = new BatchSlice[1];
    private int _disposed;

    private SplitEngine(OnnxEngine device, CpuEngine processor) => (Device, Processor) = (device, processor);

    /// <summary>Gets the engine of the device.</summary>
    public OnnxEngine Device { get; }

    /// <summary>Gets the engine of the processor.</summary>
    public CpuEngine Processor { get; }

    /// <inheritdoc/>
    public string Name => $"{Device.Name} for prompts, {Processor.Name} for answers";

    /// <inheritdoc/>
    public int Threads => Processor.Threads;

    /// <inheritdoc/>
    public long WeightBytes => Device.WeightBytes + Processor.WeightBytes;

    /// <inheritdoc/>
    public int VocabularySize => Processor.VocabularySize;

    /// <inheritdoc/>
    public EmbeddingSpec Embedding => Processor.Embedding;

    /// <inheritdoc/>
    public int HiddenSize => Processor.HiddenSize;

    /// <inheritdoc/>
    public int ContextLength => Math.Min(Device.ContextLength, Processor.ContextLength);

    /// <summary>Gets the fewest tokens that the device computes: for fewer, the copy takes the time that the device saves.</summary>
    internal int FewestTokens { get; private set; }

    /// <summary>Gets whether the device can compute several tokens after others.</summary>
    internal bool AppendsPrompts => Device.Profile.AppendsPrompts;

    /// <summary>Refuses a model whose state is more than keys and values.</summary>
    /// <param name="path">The file of the model, for messages.</param>
    /// <param name="modules">The modules of the model.</param>
    /// <param name="architecture">The name of its architecture.</param>
    /// <exception cref="UnsupportedModelException">The engines can't share the state.</exception>
    public static void Require(string path, ModelModules modules, string architecture)
    {
        StatePlan plan = modules.PlanState();
        string? problem = plan.RecurrentFloats > 0 ? "recurrent state" : plan.TakesWholePasses ? "attention to later positions"
            : plan.Layers.Count == 0 ? "no keys and values" : null;
        if (problem is not null)
        {
            throw new UnsupportedModelException(
                $"{path}: {architecture} has {problem}; a model is split between a device and the processor by its keys and values alone, "
                + "so run it on one of them");
        }
    }

    /// <summary>Joins the engines of a model.</summary>
    /// <param name="path">The file of the model, for messages.</param>
    /// <param name="device">The engine of the device; owned from now on, unless this throws.</param>
    /// <param name="processor">The engine of the processor; owned from now on, unless this throws.</param>
    /// <param name="fewestTokens">The fewest tokens that the device computes.</param>
    /// <param name="check">Checks the engine, which until then runs short prompts on the device, too.</param>
    /// <exception cref="UnsupportedModelException">The engines keep keys and values of different shapes.</exception>
    public static SplitEngine Create(
        string path, OnnxEngine device, CpuEngine processor, int fewestTokens, Action<IEngine> check)
    {
        RequireSameShapes(path, device, processor);
        var engine = new SplitEngine(device, processor) { FewestTokens = 2 };
        check(engine);
        engine.FewestTokens = fewestTokens;
        return engine;
    }

    /// <inheritdoc/>
    public IEngineState CreateState(EngineStateOptions options)
    {
        var processor = (SequenceState)Processor.CreateState(options);
        try
        {
            return new SplitState(this, processor, (OnnxState)Device.CreateState(options), _passes);
        }
        catch
        {
            processor.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OnnxDeviceException">The device failed. No state has changed.</exception>
    public void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default)
    {
        lock (_passes)
        {
            try
            {
                Divide(batch);
                Compute(cancellationToken);
            }
            finally
            {
                _onProcessor.Clear();
                _onDevice.Clear();
                Array.Clear(_batch);
            }

            foreach (ref readonly BatchSlice slice in batch)
            {
                ((SplitState)slice.State).Advance(slice.Tokens.Span);
            }
        }
    }

    /// <inheritdoc/>
    public void Prepare(CancellationToken cancellationToken = default) => Processor.Prepare(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Device.Dispose();
            Processor.Dispose();
        }
    }

    /// <summary>Checks that the device pads keys and values of the same layers.</summary>
    private static void RequireSameShapes(string path, OnnxEngine device, CpuEngine processor)
    {
        IReadOnlyList<CacheTensor> cache = device.Form.Cache;
        IReadOnlyList<KvLayer> layers = processor.StateLayers;
        bool isSame = cache.Count == 2 * layers.Count;
        for (int i = 0; isSame && i < cache.Count; i++)
        {
            KvLayer layer = layers[i / 2];
            isSame = cache[i].Heads == layer.KvHeads && cache[i].HeadSize >= (i % 2 == 0 ? layer.KeyLength : layer.ValueLength);
        }

        if (!isSame)
        {
            throw new UnsupportedModelException(
                $"{path}: {device.Profile.Name} keeps {cache.Count / 2} layers of keys and values in other shapes than the {layers.Count} "
                + "of the processor; run the model on one of them");
        }
    }

    private void Divide(ReadOnlySpan<BatchSlice> batch)
    {
        for (int i = 0; i < batch.Length; i++)
        {
            BatchSlice slice = batch[i];
            if (slice.State is not SplitState state || state.Owner != this)
            {
                throw new ArgumentException("a state of another engine; states run on the engine that created them", nameof(batch));
            }

            foreach (ref readonly BatchSlice other in batch[..i])
            {
                if (ReferenceEquals(other.State, state))
                {
                    throw new ArgumentException("a state in two slices of a batch; expected one slice for each sequence", nameof(batch));
                }
            }

            if (state.UsesDevice(slice))
            {
                _onDevice.Add(slice);
            }
            else
            {
                state.Synchronize();
                _onProcessor.Add(slice with { State = state.Processor });
            }
        }
    }

    private void Compute(CancellationToken cancellationToken)
    {
        try
        {
            foreach (BatchSlice slice in _onDevice)
            {
                ((SplitState)slice.State).RunOnDevice(slice, cancellationToken);
            }

            if (_onProcessor.Count > 0)
            {
                _batch = _batch.Length < _onProcessor.Count ? new BatchSlice[_onProcessor.Count] : _batch;
                _onProcessor.CopyTo(_batch);
                Processor.Run(_batch.AsSpan(0, _onProcessor.Count), cancellationToken);
            }
        }
        catch
        {
            _onDevice.ForEach(static slice => ((SplitState)slice.State).Undo());
            throw;
        }
    }
}
