using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Models;

/// <summary>Loads models for every command.</summary>
internal static class ModelLoading
{
    /// <summary>The backends that are asked, in order, before the built-in engine; set once, before a command runs.</summary>
    public static IReadOnlyList<IModelBackend> Backends { get; set; } = [];

    /// <summary>Loads a model, with a progress bar where standard error is a terminal.</summary>
    /// <inheritdoc cref="LanguageModel.Load" path="/exception"/>
    public static LanguageModel Load(string path, ModelOptions options, CancellationToken cancellationToken = default)
    {
        string activity = "loading ";
        if (options.Device is OnnxDevice device && device.PlanConversion(path, options) is { } conversion)
        {
            activity = "converting ";
            Console.Error.WriteLine(
                $"edgert: converting {Path.GetFileName(path)} for {device.Name}: {ByteText.Format(conversion.ByteSize)} "
                + (conversion.Folder is { } folder ? $"in {folder}, for later starts too" : "in a temporary folder"));
        }

        using var bar = new ProgressBar(activity + Path.GetFileName(path));
        return Load(path, options, bar, cancellationToken);
    }

    /// <summary>Loads a model and reports progress only to <paramref name="progress"/>.</summary>
    /// <inheritdoc cref="LanguageModel.Load" path="/exception"/>
    public static LanguageModel Load(string path, ModelOptions options, IProgress<float>? progress, CancellationToken cancellationToken) =>
        LanguageModel.Load(path, options with { Backends = Backends }, progress, cancellationToken);
}
