using System;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Models;

/// <summary>Shows that a model is being loaded, or converted first.</summary>
/// <param name="name">The name of the model's file.</param>
internal sealed class LoadProgress(string name) : IProgress<float>, IDisposable
{
    private ProgressBar _bar = new("loading " + name);

    /// <inheritdoc/>
    public void Report(float value) => _bar.Report(value);

    /// <summary>Announces a conversion, whose progress is reported from now on.</summary>
    public void Announce(OnnxConversion conversion)
    {
        _bar.Dispose();
        string place = conversion.Folder is { } folder ? $"in {OneLine.Value(folder)}, for later starts too" : "for this start only";
        Console.Error.WriteLine(
            $"edgert: converting {OneLine.Value(name)} for {conversion.Device}: {ByteText.Format(conversion.ByteSize)} {place}");
        _bar = new ProgressBar("converting " + name);
    }

    /// <inheritdoc/>
    public void Dispose() => _bar.Dispose();
}
