using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Threading;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Json;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// Represents how fast a machine decodes each tensor type, kept in a small JSON file. A search on another machine reads it
/// (<see cref="MixSearchOptions.Device"/>).
/// </summary>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// DeviceProfile.Measure(model, threads: 4).Save("board.device.json");
/// </code>
/// </example>
public sealed class DeviceProfile
{
    private const int Version = 1;
    private const double LeastFactor = 0.01;
    private const double MostFactor = 100;
    private const int MaxFileBytes = 1 << 20;
    private const string Expected = "a profile by DeviceProfile.Measure";

    internal DeviceProfile(IReadOnlyDictionary<TensorType, double> seconds) => SecondsPerToken = seconds;

    /// <summary>Gets the name of the processor.</summary>
    public required string Processor { get; init; }

    /// <summary>Gets the number of threads.</summary>
    public required int Threads { get; init; }

    /// <summary>Gets the name of the measured model.</summary>
    public required string Model { get; init; }

    /// <summary>Gets the number of weights that a decoded token of the measured model reads.</summary>
    public required double WeightsPerToken { get; init; }

    /// <summary>Gets the seconds of a decoded token of the measured model with all its matrices in a type.</summary>
    public IReadOnlyDictionary<TensorType, double> SecondsPerToken { get; }

    /// <summary>
    /// Gets how many times as long a decoded token of a mix takes as the shares of its types say: several types in a layer cost more than
    /// one, because they share less. It is 1 until a mix was measured.
    /// </summary>
    internal double MixFactor { get; init; } = 1;

    /// <summary>Measures this machine.</summary>
    /// <param name="model">The model, on the built-in engine. Models of about the size of those to be quantized measure best.</param>
    /// <param name="threads">The number of threads, at least 1.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="NotSupportedException">The model runs on another engine.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static DeviceProfile Measure(
        LanguageModel model, int threads, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ModelVariants.CheckEngine(model);
        using GgufFile file = GgufFile.Open(model.Path);
        return Measure(model, new DecodeSpeed(file), threads, progress, cancellationToken);
    }

    /// <summary>Measures this machine.</summary>
    internal static DeviceProfile Measure(
        LanguageModel model, DecodeSpeed speed, int threads, IProgress<float>? progress, CancellationToken cancellationToken) =>
        new(speed.Measure(model, threads, progress, cancellationToken))
        {
            Processor = ProcessorName.Current,
            Threads = threads,
            Model = Path.GetFileName(model.Path),
            WeightsPerToken = speed.WeightsPerToken,
        };

    /// <summary>Gets the profile after a mix was measured.</summary>
    /// <param name="ratio">The measured time of a token, relative to what this profile says.</param>
    internal DeviceProfile Correct(double ratio) => new(SecondsPerToken)
    {
        Processor = Processor,
        Threads = Threads,
        Model = Model,
        WeightsPerToken = WeightsPerToken,
        MixFactor = Math.Clamp(MixFactor * ratio, LeastFactor, MostFactor),
    };

    /// <summary>Reads a file that <see cref="Save"/> has written.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="ModelFormatException">The file is not such a profile, or a value is wrong.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static DeviceProfile Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        JsonField root = JsonField.Read(path, MaxFileBytes, Expected);
        if (!root["seconds_per_token"].Exists)
        {
            throw new ModelFormatException(path, -1, $"has no 'seconds_per_token'; expected {Expected}");
        }

        if (root["version"].GetInteger() != Version)
        {
            throw root["version"].Wrong(FormattableString.Invariant($"{Version}"));
        }

        var seconds = new Dictionary<TensorType, double>();
        foreach ((string name, JsonField value) in root["seconds_per_token"].Members())
        {
            seconds[MixPlan.ParseType(name) ?? throw value.Wrong("the name of a tensor type as key")] = InRange(value, 1e-9, 1e9);
        }

        return new DeviceProfile(seconds)
        {
            Processor = root["processor"].GetText(),
            Threads = Math.Max(root["threads"].GetCount(ModelOptions.MaxThreads), 1),
            Model = root["model"].GetText(),
            WeightsPerToken = InRange(root["weights_per_token"], 1, 1e15),
            MixFactor = root["mix_factor"].Exists ? InRange(root["mix_factor"], LeastFactor, MostFactor) : 1,
        };
    }

    /// <summary>Writes the profile to a JSON file.</summary>
    /// <param name="path">The path of the file, which is replaced.</param>
    /// <exception cref="IOException">The file can't be written; an old file is unchanged.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var file = FileReplacement.OfUser(path);
        using (var json = new Utf8JsonWriter(file, MixPlan.JsonOptions))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteString("processor", Processor);
            json.WriteNumber("threads", Threads);
            json.WriteString("model", Model);
            json.WriteNumber("weights_per_token", WeightsPerToken);
            json.WriteNumber("mix_factor", MixFactor);
            json.WriteStartObject("seconds_per_token");
            foreach ((TensorType type, double value) in SecondsPerToken)
            {
                json.WriteNumber(type.ToString(), value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        file.Commit();
    }

    /// <summary>Gets the seconds that a weight in a type adds to a decoded token of a mix.</summary>
    internal double SecondsPerWeight(TensorType type) => MixFactor * SecondsPerToken[type] / WeightsPerToken;

    private static double InRange(JsonField value, double least, double most) =>
        value.GetNumber() is var number && number >= least && number <= most
            ? number
            : throw value.Wrong(FormattableString.Invariant($"a number from {least} to {most}"));
}
