using System;
using System.Threading;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tuning;

/// <summary>Finds the fastest settings for a model on this machine by measuring.</summary>
public static class ModelTuner
{
    /// <summary>Measures; nothing is written.</summary>
    /// <param name="path">A .gguf file.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="tell">Gets a line at the start of each step, or null.</param>
    /// <param name="progress">Told the share of the weights that is packed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ModelFormatException">The file is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">The model can't run.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static TuningProfile Run(
        string path, TuningOptions? options = null, Action<string>? tell = null, IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new TuningOptions();
        using LanguageModel model = LanguageModel.Load(
            path, new ModelOptions { UseTuningProfile = false, LoggerFactory = options.LoggerFactory }, progress, cancellationToken);
        using var bench = new TuningBench(model, cancellationToken);
        var search = new TuningSearch(bench, TuningCandidates.OfThisMachine(options.AllowLossyKv), options, tell ?? (_ => { }), TimeProvider.System);
        (TuningChoice choice, var measurements) = search.Run();
        using GgufFile file = GgufFile.Open(path);
        return new TuningProfile(TuningKey.Of(file), choice, measurements);
    }
}
