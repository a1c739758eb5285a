using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Runtime;
using EdgeRuntime.Onnx.Split;
using EdgeRuntime.Tuning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime.Onnx;

/// <summary>
/// Loads a model on the fastest device of this machine: the built-in engine, or a GPU or NPU of ONNX Runtime. The first start measures a
/// short prompt and a short answer on each, which converts the model for each. Where it promises more, the first start also measures the
/// prompt on a device with the answer on the built-in engine (<see cref="OnnxDevice.IsSplit"/>). The choice is kept in the tuning profile
/// of the model (<see cref="TuningProfiles"/>).
/// </summary>
/// <remarks>
/// A machine without a GPU or NPU uses the built-in engine, without a measurement. Other devices, another version of ONNX Runtime or of
/// this library, and models of another shape are measured anew. Without <see cref="ModelOptions.UseTuningProfile"/>, every start measures.
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf", new ModelOptions { Device = new AutoDevice() });
/// Console.WriteLine(model.Engine.Name);
/// </code>
/// </example>
public sealed record AutoDevice : IModelBackend
{
    private const string Processor = "cpu";
    private const int PromptTokens = 64;
    private const int AnswerTokens = 16;

    private readonly string _cacheFolder;
    private readonly IReadOnlyList<OnnxDevice> _devices;

    /// <param name="cacheFolder">The folder of converted models, or null for <see cref="OnnxCache.DefaultFolder"/>.</param>
    public AutoDevice(string? cacheFolder = null)
        : this(cacheFolder, OnnxDevice.All.Where(static device => device.Profile.Provider is not null))
    {
    }

    /// <param name="cacheFolder">The folder of converted models.</param>
    /// <param name="devices">The devices to compare with the built-in engine.</param>
    internal AutoDevice(string? cacheFolder, IEnumerable<OnnxDevice> devices)
    {
        _cacheFolder = new OnnxCache(cacheFolder).Folder;
        _devices = [.. devices.Select(device => device with { CacheFolder = _cacheFolder })];
    }

    /// <inheritdoc cref="OnnxDevice.Converting" path="/summary"/>
    public Action<OnnxConversion>? Converting { get; init; }

    /// <inheritdoc/>
    public string Name => "auto";

    /// <inheritdoc/>
    public bool CanLoad(string path) => OnnxDevice.Cpu().CanLoad(path);

    /// <inheritdoc/>
    /// <exception cref="OnnxDeviceException">The model is a folder of ONNX Runtime GenAI, and ONNX Runtime can't run it.</exception>
    public LanguageModel Load(
        string path, ModelOptions options, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (GenAiModel.IsFolder(path))
        {
            return OnnxDevice.Cpu().Load(path, options, progress, cancellationToken);
        }

        OnnxDevice[] present = [.. _devices
            .Where(device => device.FindProblem() is null && device.FindModelProblem(path) is null)
            .Select(device => device with { Converting = Converting })];
        OnnxDevice? chosen = present.Length == 0 ? null : Choose(path, present, options, cancellationToken);
        return LanguageModel.Load(path, options with { Device = chosen }, progress, cancellationToken);
    }

    private static OnnxDevice? Choose(string path, OnnxDevice[] present, ModelOptions options, CancellationToken cancellationToken)
    {
        ILogger logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("EdgeRuntime");
        OnnxDevice?[] candidates = [null, .. present, .. present.Select(static device => device with { IsSplit = true })];
        string[] names = [.. candidates.Select(NameOf)];
        string runtime = OnnxLibrary.Load(present[0].LibraryPath).ToString();
        TuningKey key = KeyOf(path);
        bool isIgnored = false;
        if (options.UseTuningProfile
            && TuningProfiles.FindFile(key, logger, out isIgnored)?.Device is { } known && known.IsFor(runtime, names))
        {
            return Prepare(candidates[Array.IndexOf(names, known.Chosen)], known.Measurements);
        }

        // A profile that can't be used is warned of once.
        ModelOptions measured = options with { UseTuningProfile = options.UseTuningProfile && !isIgnored };
        var times = new TurnTime?[candidates.Length];
        for (int i = 0; i < candidates.Length; i++)
        {
            if (i <= present.Length || Promises(times[0], times[i - present.Length], times))
            {
                times[i] = Measure(path, measured with { Device = candidates[i] }, logger, cancellationToken);
            }
        }

        int best = Array.IndexOf(times, times.MinBy(Seconds));
        TuningMeasurement[] measurements = Describe(names, times, best);
        if (options is { UseTuningProfile: true, Exact: false })
        {
            Keep(key, new DeviceTuning(runtime, names, measurements), logger);
        }

        return Prepare(candidates[best], measurements);
    }

    /// <summary>Sets the prompts that the chosen device computes, if the answer is the processor's.</summary>
    private static OnnxDevice? Prepare(OnnxDevice? chosen, IReadOnlyList<TuningMeasurement> measurements) =>
        chosen is not { IsSplit: true }
            ? chosen
            : chosen with
            {
                FewestSplitTokens = PromptThreshold.Of(
                    measurements, Processor, chosen.Name, NameOf(chosen), PromptTokens, AnswerTokens),
            };

    private static string NameOf(OnnxDevice? device) =>
        device is null ? Processor : device.IsSplit ? $"{device.Name} split" : device.Name;

    /// <summary>
    /// Gets whether a prompt on a device and an answer on the processor would take less time than everything so far, without the copy.
    /// </summary>
    private static bool Promises(TurnTime? processor, TurnTime? device, TurnTime?[] times) =>
        processor is { } answer && device is { } prompt
        && Seconds(answer with { Prompt = prompt.Prompt }) < times.Min(Seconds);

    /// <summary>Gets the times of a prompt and an answer; null for a device that fails.</summary>
    private static TurnTime? Measure(string path, ModelOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        string name = NameOf(options.Device as OnnxDevice);
        try
        {
            using LanguageModel model = LanguageModel.Load(path, options, null, cancellationToken);
            var time = TurnTime.Measure(model.Engine, PromptTokens, AnswerTokens, rounds: 2, cancellationToken);
            OnnxLog.Measured(logger, name, Seconds(time));
            return time;
        }
        catch (EdgeRuntimeException exception) when (options.Device is not null)
        {
            OnnxLog.NotMeasured(logger, name, exception.Message);
            return null;
        }
    }

    /// <summary>Gets the seconds of a prompt and an answer; for what was not measured, infinity.</summary>
    private static double Seconds(TurnTime? time) =>
        time is { } turn ? turn.Prompt + (AnswerTokens * turn.Token) : double.PositiveInfinity;

    private static TuningMeasurement[] Describe(string[] names, TurnTime?[] times, int best) =>
    [
        .. names.Zip(times)
            .Select((pair, index) => (pair.First, pair.Second, IsChosen: index == best))
            .Where(static each => each.Second is not null)
            .Select(static each => new TuningMeasurement(
                DeviceTuning.Step, each.First, PromptTokens / each.Second!.Value.Prompt, 1 / each.Second!.Value.Token, each.IsChosen)),
    ];

    private static TuningKey KeyOf(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        return TuningKey.Of(file);
    }

    private static void Keep(TuningKey key, DeviceTuning tuning, ILogger logger)
    {
        try
        {
            TuningProfiles.Keep(key, tuning);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            OnnxLog.NotKept(logger, exception.Message.ReplaceLineEndings(" "));
        }
    }
}
