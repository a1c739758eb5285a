using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Models;

/// <summary>Loads models for every command.</summary>
internal static class ModelLoading
{
    /// <summary>The backends that are asked, in order, before the built-in engine; set once, before a command runs.</summary>
    public static IReadOnlyList<IModelBackend> Backends { get; set; } = [];

    /// <summary>Loads a model, with a progress bar where standard error is a terminal.</summary>
    /// <inheritdoc cref="LanguageModel.Load" path="/exception"/>
    /// <exception cref="CommandException">The device can't run the model, but the built-in engine can.</exception>
    /// <param name="path">The path of the model.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels loading.</param>
    public static LanguageModel Load(string path, ModelOptions options, CancellationToken cancellationToken = default)
    {
        using var shown = new LoadProgress(Path.GetFileName(path));
        try
        {
            return Load(path, options with { Device = Announcing(options.Device, shown.Announce) }, shown, cancellationToken);
        }
        catch (Exception exception) when (CanFallBack(path, options.Device, exception))
        {
            throw new CommandException(
                $"{exception.Message} ({DeviceChoice.FallbackOptionName} {DeviceChoice.Processor} runs this model on the built-in engine)",
                exception);
        }
    }

    /// <summary>Loads a model and reports progress only to <paramref name="progress"/>.</summary>
    /// <inheritdoc cref="LanguageModel.Load" path="/exception"/>
    public static LanguageModel Load(string path, ModelOptions options, IProgress<float>? progress, CancellationToken cancellationToken) =>
        LanguageModel.Load(path, options with { Backends = Backends }, progress, cancellationToken);

    /// <summary>Finds out whether the built-in engine can run a GGUF file.</summary>
    /// <returns>Null if it can, else one line that says why not.</returns>
    /// <inheritdoc cref="ModelInspection.Inspect" path="/exception"/>
    public static string? FindProcessorProblem(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        ModelInspection inspection = ModelInspection.Inspect(file);
        return inspection.Problems.Count == 0 ? null : string.Join("; ", inspection.Problems);
    }

    private static IModelBackend? Announcing(IModelBackend? backend, Action<OnnxConversion> announce) => backend switch
    {
        OnnxDevice device => device with { Converting = announce },
        AutoDevice auto => auto with { Converting = announce },
        _ => backend,
    };

    /// <summary>Gets whether a device refused a model that the built-in engine runs.</summary>
    private static bool CanFallBack(string path, IModelBackend? backend, Exception exception) =>
        backend is OnnxDevice && exception is OnnxDeviceException or UnsupportedModelException && !Directory.Exists(path)
        && FindProcessorProblem(path) is null;
}
