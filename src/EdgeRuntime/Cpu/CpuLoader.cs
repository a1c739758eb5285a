using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Modules;
using EdgeRuntime.SideCar;
using EdgeRuntime.Threading;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Cpu;

/// <summary>Reads the architecture of a GGUF file and loads its weights for the CPU engine. For one caller; owns nothing.</summary>
internal sealed class CpuLoader
{
    private readonly GgufFile _file;
    private readonly ModelSource _source;
    private readonly long _started = Stopwatch.GetTimestamp();

    /// <summary>Reads the architecture; the weights are not touched.</summary>
    /// <param name="file">The model's file.</param>
    /// <exception cref="ModelFormatException">The file is incomplete, or its metadata contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">The architecture is not supported; the message lists those that are.</exception>
    public CpuLoader(GgufFile file)
    {
        _file = file;
        file.RequireComplete();
        _source = new ModelSource(file);
        Modules = Architectures.Architecture.Read(_source);
    }

    /// <summary>The architecture's name, as in the file ("llama").</summary>
    public string Architecture => _file.Metadata.GetString("general.architecture");

    /// <summary>The modules of the model.</summary>
    public ModelModules Modules { get; }

    /// <summary>The tensors that the architecture knows and deliberately does not run.</summary>
    public IEnumerable<GgufTensor> TensorsNotRun => _file.Tensors.Where(tensor => Modules.IsNotRun(tensor.Name));

    /// <summary>Checks that the file has the tensors of all modules, in the right shapes and types, and no others.</summary>
    /// <exception cref="ModelFormatException">A tensor is missing or has a wrong shape.</exception>
    /// <exception cref="UnsupportedModelException">No module reads a tensor, or a type has no kernels.</exception>
    public void CheckTensors()
    {
        using var binder = new TensorBinder(_source, InstructionSet.Default, exact: false);
        Modules.Bind(binder);
    }

    /// <summary>Loads the weights. To be called once.</summary>
    /// <param name="settings">How to load and compute.</param>
    /// <param name="progress">Told the share of the weights that is packed, from one of the threads that pack; null for nobody.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <returns>The engine, which owns the file from now on. After an exception the file is still the caller's.</returns>
    /// <inheritdoc cref="CheckTensors" path="/exception"/>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public CpuEngine Load(CpuSettings settings, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        PackedSideCar? sideCar = settings.PackedCache is { } folder && !settings.Exact
            ? new PackedSideCar(folder, _file, settings.Logger)
            : null;
        var binder = new TensorBinder(_source, settings.Prefill, settings.Exact);
        WorkerPool team = SharedWorkerPool.Rent(settings.Threads);
        try
        {
            Modules.Bind(binder);
            var packer = new WeightPacker(sideCar, team, progress, cancellationToken)
            {
                QuickStartBytes = settings.Exact ? null : settings.QuickStartBytes,
            };
            var engine = new CpuEngine(
                _file.Path, Modules, new ModelWeights(binder, packer), settings.Prefill, settings.Decode, settings.Threads, _file.Dispose);
            CpuLog.Loaded(
                settings.Logger, _file.Path, Architecture, engine.WeightBytes, engine.IsPacked ? "packed" : "to be packed when used",
                settings.Prefill.Name, engine.Threads, Stopwatch.GetElapsedTime(_started).TotalSeconds);
            return engine;
        }
        catch
        {
            binder.Dispose();
            throw;
        }
        finally
        {
            SharedWorkerPool.Return(team);
        }
    }
}
