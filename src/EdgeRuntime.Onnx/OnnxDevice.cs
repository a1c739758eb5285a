using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cpu;
using EdgeRuntime.Engine;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Cache;
using EdgeRuntime.Onnx.Runtime;
using EdgeRuntime.Onnx.Split;
using EdgeRuntime.Threading;
using EdgeRuntime.Tuning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime.Onnx;

/// <summary>
/// A device that ONNX Runtime computes on: a GPU, an NPU or the processor. It loads GGUF files, which it converts at the first start, and
/// the folders that the model builder of ONNX Runtime GenAI writes.
/// </summary>
/// <remarks>
/// The program brings the native library of ONNX Runtime, 1.30 or later: the package Microsoft.ML.OnnxRuntime, or one with more providers.
/// Without it, loading throws an <see cref="OnnxDeviceException"/>.
/// </remarks>
/// <example>
/// <code>
/// OnnxDevice device = OnnxDevice.WebGpu() with { FallsBack = true }; // without a GPU, the built-in engine
/// using LanguageModel model = LanguageModel.Load("model.gguf", new ModelOptions { Device = device });
/// Console.WriteLine(model.Engine.Name);
/// </code>
/// </example>
public sealed record OnnxDevice : IModelBackend
{
    /// <summary>The environment variable with the path of the native library, or of its folder.</summary>
    public const string LibraryVariable = OnnxLibrary.PathVariable;

    /// <param name="profile">What the device needs of a model.</param>
    public OnnxDevice(OnnxProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        Profile = profile;
    }

    /// <summary>Gets all devices, whether this machine has them or not.</summary>
    public static IReadOnlyList<OnnxDevice> All { get; } = [.. OnnxProfile.All.Select(profile => new OnnxDevice(profile))];

    /// <summary>Gets what the device needs of a model.</summary>
    public OnnxProfile Profile { get; init; }

    /// <summary>Gets the name of the device: "webgpu".</summary>
    public string Name => Profile.Name;

    /// <summary>Gets options of the execution provider, by the names of ONNX Runtime; they replace those of the profile.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Gets the path of the native library of ONNX Runtime or of its folder; null, the default, for the one that the environment variable
    /// EDGERUNTIME_ORT_PATH names, or else the one beside the program. A process loads one library.
    /// </summary>
    public string? LibraryPath { get; init; }

    /// <summary>
    /// Gets the path of the library of a plugin provider; null, the default, for a provider of ONNX Runtime's own library.
    /// </summary>
    public string? ProviderLibrary { get; init; }

    /// <summary>
    /// Gets the folder of converted models (<see cref="OnnxCache"/>); null to convert at every start and keep nothing. The default is a
    /// folder in the data folder of the user.
    /// </summary>
    /// <remarks>
    /// Without a folder, <see cref="Cpu"/> converts into memory. The other providers of ONNX Runtime read weights from a file only: a
    /// temporary folder, which is deleted once the model is loaded, on Windows with the model.
    /// </remarks>
    public string? CacheFolder { get; init; } = OnnxCache.DefaultFolder;

    /// <summary>
    /// Gets a value indicating whether a GGUF file that the device can't run, or whose device is missing, runs on the built-in engine
    /// instead, with a warning in the log that gives the reason. The default is false: the file is refused.
    /// </summary>
    public bool FallsBack { get; init; }

    /// <summary>
    /// Gets a value indicating whether only prompts run on the device, and answers on the built-in engine: for a device that computes many
    /// tokens at once faster than the processor, but single tokens slower. The default is false.
    /// </summary>
    /// <remarks>
    /// The weights are in memory twice. The processor gets keys and values of a prompt once. A later prompt runs on the device if it has
    /// at least 32 tokens, and no fewer than the device lacks of the text before it, which it then computes again; other prompts run on the
    /// processor. Models with recurrent state are refused, and so are folders of ONNX Runtime GenAI.
    /// </remarks>
    public bool IsSplit { get; init; }

    /// <summary>Gets the fewest tokens of a prompt that a split model computes on the device.</summary>
    internal int FewestSplitTokens { get; init; } = PromptThreshold.Default;

    /// <summary>
    /// Gets the action that <see cref="Load"/> calls before it converts a model, on the calling thread; null, the default, for none. The
    /// progress of <see cref="Load"/> then is that of the conversion.
    /// </summary>
    public Action<OnnxConversion>? Converting { get; init; }

    /// <summary>Creates the device of the processor, on ONNX Runtime's kernels.</summary>
    public static OnnxDevice Cpu() => new(OnnxProfile.Cpu);

    /// <summary>Creates the device of WebGPU: GPUs of all vendors, over Vulkan, Metal or Direct3D 12.</summary>
    public static OnnxDevice WebGpu() => new(OnnxProfile.WebGpu);

    /// <summary>Creates the device of DirectML: GPUs of Windows.</summary>
    public static OnnxDevice DirectMl() => new(OnnxProfile.DirectMl);

    /// <summary>Creates the device of CUDA: GPUs of NVIDIA.</summary>
    public static OnnxDevice Cuda() => new(OnnxProfile.Cuda);

    /// <summary>Creates the device of QNN: NPUs of Qualcomm.</summary>
    public static OnnxDevice Qnn() => new(OnnxProfile.Qnn);

    /// <summary>Creates the device of OpenVINO: GPUs and NPUs of Intel.</summary>
    public static OnnxDevice OpenVino() => new(OnnxProfile.OpenVino);

    /// <summary>Creates the device of CoreML: GPUs and NPUs of Apple.</summary>
    public static OnnxDevice CoreMl() => new(OnnxProfile.CoreMl);

    /// <inheritdoc/>
    public bool CanLoad(string path) => GenAiModel.IsFolder(path)
        || (File.Exists(path) && path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase));

    /// <summary>Finds out whether this machine has the device.</summary>
    /// <returns>Null if it has, else one line that says what is missing.</returns>
    public string? FindProblem()
    {
        try
        {
            OnnxLibrary.Load(LibraryPath);
            return ProviderProblems.Find(CreateSettings(new ModelOptions()));
        }
        catch (OnnxDeviceException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>Finds out whether the device can run a model, without reading its weights.</summary>
    /// <param name="path">The path of a GGUF file.</param>
    /// <returns>Null if it can, else one line that names what has no translation for the device.</returns>
    /// <exception cref="ModelFormatException">The file is damaged or contradicts itself.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public string? FindModelProblem(string path)
    {
        try
        {
            OnnxExport.Open(path, new OnnxExportOptions { Profile = Profile }).Dispose();
            return null;
        }
        catch (UnsupportedModelException exception)
        {
            return exception.Message;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OnnxDeviceException">
    /// ONNX Runtime is missing, broken or too old, or the device is missing, has not enough memory or can't run the model.
    /// </exception>
    /// <exception cref="ArgumentException">The provider of the device has no option of a name in <see cref="Options"/>.</exception>
    public LanguageModel Load(
        string path, ModelOptions options, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        ILogger logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("EdgeRuntime");
        try
        {
            return LoadOnDevice(path, options, logger, progress, cancellationToken);
        }
        catch (EdgeRuntimeException exception) when (FallsBack && IsRefusal(exception) && !GenAiModel.IsFolder(path))
        {
            OnnxLog.FellBack(logger, path, exception.Message);
            return LanguageModel.Load(path, options with { Device = null, Backends = [] }, progress, cancellationToken);
        }
    }

    private static bool IsRefusal(EdgeRuntimeException exception) => exception is OnnxDeviceException or UnsupportedModelException;

    private LanguageModel LoadOnDevice(
        string path, ModelOptions options, ILogger logger, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        Version runtime = OnnxLibrary.Load(LibraryPath);
        SessionSettings settings = CreateSettings(options);
        if (GenAiModel.IsFolder(path))
        {
            return !IsSplit ? FolderModel.Load(path, settings, options) : throw new UnsupportedModelException(
                $"{path}: a folder of ONNX Runtime GenAI is for the device alone; expected a GGUF file, which the processor runs, too");
        }

        using GgufFile file = GgufFile.Open(path);
        file.RequireComplete();
        if (IsSplit)
        {
            var loader = new CpuLoader(file);
            SplitEngine.Require(file.Path, loader.Modules, loader.Architecture);
        }

        var conversion = new Conversion(file, settings, options, logger)
        {
            Converting = Converting,
            Progress = progress,
            CancellationToken = cancellationToken,
        };
        long started = Stopwatch.GetTimestamp();

        // Beside the session on a thread of its own, as the built-in engine does it.
        Task<ModelText> reading = Task.Run(() => ModelText.Read(file, options.PreTokenizer), CancellationToken.None);
        IEngine? engine = null;
        try
        {
            CachedFolder? folder = CreateFolder(file, settings, runtime);
            OnnxEngine device = folder is not null ? conversion.Open(folder) : conversion.OpenUncached();
            engine = device;
            TuningProfile? profile = null;
            engine = IsSplit ? Split(device, folder, file.Path, options, out profile, cancellationToken) : device;
            LanguageModel model = LanguageModel.CreateFrom(engine, file, reading.GetAwaiter().GetResult(), options, profile);
            OnnxLog.Loaded(logger, file.Path, Name, runtime.ToString(), Stopwatch.GetElapsedTime(started).TotalSeconds);
            return model;
        }
        catch
        {
            engine?.Dispose();
            reading.ContinueWith(static _ => { }, TaskScheduler.Default).GetAwaiter().GetResult(); // it reads the file, which is closed now
            throw;
        }
    }

    /// <summary>Joins the device with the built-in engine. The caller still owns the device if this throws.</summary>
    private SplitEngine Split(
        OnnxEngine device, CachedFolder? folder, string path, ModelOptions options, out TuningProfile? profile,
        CancellationToken cancellationToken)
    {
        GgufFile file = GgufFile.Open(path);
        CpuEngine? processor = null;
        try
        {
            (CpuLoader loader, CpuSettings settings, profile) = LanguageModel.PrepareEngine(file, options);
            CpuEngine engine = processor = loader.Load(settings, progress: null, cancellationToken);
            return SplitEngine.Create(path, device, engine, FewestSplitTokens, joined =>
            {
                if (folder?.IsSplitChecked() != true)
                {
                    SelfCheck.Compare(
                        joined, engine, device.Profile.Name, path, SelfCheck.BoundOfSplit(options), cancellationToken);
                    folder?.RememberSplitCheck();
                }
            });
        }
        catch
        {
            if (processor is null)
            {
                file.Dispose();
            }

            processor?.Dispose();
            throw;
        }
    }

    private CachedFolder? CreateFolder(GgufFile file, SessionSettings settings, Version runtime) => CacheFolder is null
        ? null
        : new CachedFolder(CacheFolder, new CacheKey(System.IO.Path.GetFullPath(file.Path), runtime, settings.Profile), file);

    private SessionSettings CreateSettings(ModelOptions options) => new(
        options.Exact ? Profile.Exact() : Profile, options.Threads ?? Math.Min(ProcessorTopology.PhysicalCores, options.Processors))
    {
        Options = Options,
        ProviderLibrary = ProviderLibrary,
    };
}
