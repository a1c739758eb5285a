using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeRuntime.Files;
using EdgeRuntime.Memory;
using EdgeRuntime.Onnx.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime.Onnx;

/// <summary>
/// Loads a model on the fastest device of this machine: the built-in engine, or a GPU or NPU of ONNX Runtime. The first start measures a
/// short prefill and a short decode on each, which converts the model for each, and keeps the answer beside the converted models.
/// </summary>
/// <remarks>A machine without a GPU or NPU uses the built-in engine, without a measurement.</remarks>
public sealed record AutoDevice : IModelBackend
{
    private const string Processor = "cpu";
    private const int MaxAnswerBytes = 64;
    private const int PromptTokens = 64;
    private const int DecodedTokens = 16;

    private readonly OnnxCache _cache;
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
        _cache = new OnnxCache(cacheFolder);
        _devices = [.. devices.Select(device => device with { CacheFolder = _cache.Folder })];
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

        ILogger logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("EdgeRuntime");
        OnnxDevice[] present = [.. _devices
            .Where(device => device.FindProblem() is null && device.FindModelProblem(path) is null)
            .Select(device => device with { Converting = Converting })];
        OnnxDevice? chosen = present.Length == 0 ? null : Choose(path, present, options, logger, cancellationToken);
        return LanguageModel.Load(path, options with { Device = chosen }, progress, cancellationToken);
    }

    private OnnxDevice? Choose(string path, OnnxDevice[] present, ModelOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        string answerPath = AnswerPath(path, present);
        if (ReadAnswer(answerPath) is { } known && (known == Processor || present.Any(device => device.Name == known)))
        {
            return present.FirstOrDefault(device => device.Name == known);
        }

        OnnxDevice? best = null;
        double bestSeconds = double.MaxValue;
        foreach (OnnxDevice? device in (OnnxDevice?[])[null, .. present])
        {
            double seconds = Measure(path, options with { Device = device }, logger, cancellationToken);
            if (seconds < bestSeconds)
            {
                (best, bestSeconds) = (device, seconds);
            }
        }

        WriteAnswer(answerPath, best?.Name ?? Processor);
        return best;
    }

    /// <summary>Gets the seconds that a prompt and an answer take; a device that fails takes forever.</summary>
    private static double Measure(string path, ModelOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        string name = options.Device?.Name ?? Processor;
        try
        {
            using LanguageModel model = LanguageModel.Load(path, options, null, cancellationToken);
            model.PackWeights(cancellationToken);
            using ModelSession session = model.CreateSession(
                new SessionOptions { ContextLength = Math.Min(model.ContextLength, PromptTokens + DecodedTokens) });
            int[] tokens = [.. Enumerable.Range(0, session.ContextLength).Select(i => i % model.VocabularySize)];
            Turn(session, tokens, cancellationToken); // compiles shapes and fills caches
            long started = Stopwatch.GetTimestamp();
            Turn(session, tokens, cancellationToken);
            double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            OnnxLog.Measured(logger, name, seconds);
            return seconds;
        }
        catch (EdgeRuntimeException exception) when (options.Device is not null)
        {
            OnnxLog.NotMeasured(logger, name, exception.Message);
            return double.PositiveInfinity;
        }
    }

    private static void Turn(ModelSession session, int[] tokens, CancellationToken cancellationToken)
    {
        session.Truncate(0);
        int prompt = tokens.Length - DecodedTokens;
        session.Forward(tokens.AsSpan(0, Math.Max(1, prompt)), cancellationToken);
        for (int i = Math.Max(1, prompt); i < tokens.Length; i++)
        {
            session.Forward(tokens.AsSpan(i, 1), cancellationToken);
        }
    }

    /// <summary>Gets the path of the answer for a model and the devices that it was measured on.</summary>
    private string AnswerPath(string path, OnnxDevice[] present)
    {
        var file = new FileInfo(path);
        string devices = string.Join(',', present.Select(static device => device.Name));
        string key = string.Create(
            CultureInfo.InvariantCulture, $"{file.FullName}\n{file.Length}\n{file.LastWriteTimeUtc.Ticks}\n{devices}");
        return System.IO.Path.Combine(
            _cache.Folder, string.Create(CultureInfo.InvariantCulture, $"auto-{Checksum.Compute(Encoding.UTF8.GetBytes(key)):x16}.txt"));
    }

    private static string? ReadAnswer(string path)
    {
        try
        {
            return RegularFile.ReadText(path, MaxAnswerBytes).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // measured again
        }
    }

    private static void WriteAnswer(string path, string name)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        using FileReplacement file = FileReplacement.OfProgram(path);
        file.Write(Encoding.UTF8.GetBytes(name + "\n"));
        file.Commit();
    }
}
