using System;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Onnx.Export;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// The graph of a model, loaded on a device. Owns the session of ONNX Runtime, the allocator of the device, and weights in memory.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtAllocator? _deviceAllocator;
    private readonly WeightsInMemory? _weights;

    private OnnxSession(
        string path, SessionSettings settings, GenAiModel config, InferenceSession session, WeightsInMemory? weights = null)
    {
        Path = path;
        Settings = settings;
        _session = session;
        _weights = weights;
        Form = new GraphForm(path, config, session);
        if (settings.Profile.CacheAllocator is { } name)
        {
            using var memory = new OrtMemoryInfo(name, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.Default);
            _deviceAllocator = new OrtAllocator(session, memory);
        }
    }

    /// <summary>Gets the path of the graph.</summary>
    public string Path { get; }

    /// <summary>Gets the device.</summary>
    public SessionSettings Settings { get; }

    /// <summary>Gets the inputs and outputs of the graph.</summary>
    public GraphForm Form { get; }

    /// <summary>Gets whether the caches lie in the memory of the processor.</summary>
    public bool HasHostCache => _deviceAllocator is null;

    /// <summary>Loads the graph of a folder.</summary>
    /// <param name="folder">The folder, with <see cref="GenAiConfig.FileName"/>.</param>
    /// <param name="settings">The device.</param>
    /// <exception cref="OnnxDeviceException">The device is missing, or can't run the graph.</exception>
    /// <exception cref="ModelFormatException">The folder is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The graph is of another form.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    public static OnnxSession Open(string folder, SessionSettings settings)
    {
        GenAiModel config = GenAiModel.Read(folder);
        string path = System.IO.Path.Combine(folder, GraphForm.FileName);
        path = File.Exists(path) ? path : System.IO.Path.Combine(folder, config.GraphFile);
        if (!File.Exists(path))
        {
            throw new ModelFormatException(path, -1, $"there is no such file, which {GenAiConfig.FileName} names");
        }

        InferenceSession? session = null;
        try
        {
            using OrtSessionOptions options = ProviderSetup.CreateOptions(settings);
            session = new InferenceSession(path, options);
            return new OnnxSession(path, settings, config, session);
        }
        catch (Exception exception)
        {
            session?.Dispose();
            throw Translate(exception, path, settings);
        }
    }

    /// <summary>Loads a graph with its weights in memory. For the processor only.</summary>
    /// <param name="model">The model; owned by the session from now on, also if this throws.</param>
    /// <param name="settings">The device.</param>
    /// <inheritdoc cref="Open(string, SessionSettings)" path="/exception"/>
    public static OnnxSession Open(MemoryModel model, SessionSettings settings)
    {
        WeightsInMemory? weights = null;
        InferenceSession? session = null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(model.Config);
            using OrtSessionOptions options = ProviderSetup.CreateOptions(settings);
            weights = new WeightsInMemory(model, options);
            session = new InferenceSession(model.Graph, options);
            return new OnnxSession(model.SourcePath, settings, GenAiModel.Read(model.SourcePath, json), session, weights);
        }
        catch (Exception exception)
        {
            session?.Dispose();
            weights?.Dispose();
            model.Dispose();
            throw Translate(exception, model.SourcePath, settings);
        }
    }

    /// <summary>Creates a binding of inputs and outputs, which the caller disposes.</summary>
    public OrtIoBinding CreateBinding() => _session.CreateIoBinding();

    /// <summary>Allocates a tensor where the device keeps its cache. The caller disposes it.</summary>
    public OrtValue AllocateCache(TensorElementType type, long[] shape) =>
        OrtValue.CreateAllocatedTensorValue(_deviceAllocator ?? OrtAllocator.DefaultInstance, type, shape);

    /// <summary>Runs the graph once over bound inputs and outputs, and waits for the outputs.</summary>
    public void Run(RunOptions options, OrtIoBinding binding)
    {
        _session.RunWithBinding(options, binding);
        binding.SynchronizeBoundOutputs();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _deviceAllocator?.Dispose();
        _session.Dispose();
        _weights?.Dispose();
    }

    private static Exception Translate(Exception exception, string path, SessionSettings settings) => OnnxErrors.IsOfRuntime(exception)
        ? OnnxErrors.Translate($"{settings.Profile.Name}: {path}", exception)
        : exception;
}
