using System;
using System.Threading;
using EdgeRuntime.Cpu;
using EdgeRuntime.Gguf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime.Tuning;

/// <summary>Finds the fastest settings of a model on this machine by measuring.</summary>
/// <example>
/// <code>
/// TuningProfile profile = ModelTuner.Run("model.gguf", new TuningOptions { TimeLimit = TimeSpan.FromSeconds(5) });
/// profile.Save(TuningProfiles.GetPath(profile)!); // LanguageModel.Load applies it from now on
/// </code>
/// </example>
public static class ModelTuner
{
    /// <summary>The factor by which a setting must be faster than the default, in the median of several rounds, to be chosen.</summary>
    public const double MinGain = 1.03;

    /// <summary>Measures and chooses the settings. No file is written.</summary>
    /// <param name="path">The path of a .gguf file.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="onStep">Receives a line at the start of each step; null for no lines.</param>
    /// <param name="progress">Receives the fraction of the weights that is packed.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
    /// <exception cref="ModelFormatException">The file is damaged or contradictory.</exception>
    /// <exception cref="UnsupportedModelException">The model cannot run.</exception>
    /// <exception cref="OperationCanceledException">The measurement was cancelled.</exception>
    public static TuningProfile Run(
        string path, TuningOptions? options = null, Action<string>? onStep = null, IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new TuningOptions();
        ILogger logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("EdgeRuntime");
        GgufFile file = GgufFile.Open(path);
        CpuEngine engine;
        try
        {
            engine = new CpuLoader(file).Load(CpuSettings.OfThisMachine with { Logger = logger }, progress, cancellationToken);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        using (engine)
        {
            using var bench = new TuningBench(engine, cancellationToken);
            var search = new TuningSearch(
                bench, TuningCandidates.OfThisMachine(options.AllowLossyKvCache), options, onStep ?? (_ => { }), TimeProvider.System);
            (TuningChoice choice, var measurements) = search.Run();
            return new TuningProfile(TuningKey.Of(file), choice, measurements);
        }
    }
}
