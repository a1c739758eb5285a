using System;
using System.Collections.Generic;
using System.IO;

namespace EdgeRuntime.Tuning;

/// <summary>
/// The result of <see cref="ModelTuner"/> for a model on a machine, stored in a small JSON file. The file may also hold the fastest device
/// of the model.
/// </summary>
/// <example>
/// <code>
/// TuningProfile profile = ModelTuner.Run("model.gguf", new TuningOptions { TimeLimit = TimeSpan.FromSeconds(5) });
/// profile.Save("model.profile.json");
/// Console.WriteLine(TuningProfile.Load("model.profile.json").Choice);
/// </code>
/// </example>
public sealed class TuningProfile
{
    internal TuningProfile(TuningKey key, TuningChoice choice, IReadOnlyList<TuningMeasurement> measurements) =>
        (Key, Choice, Measurements) = (key, choice, measurements);

    /// <summary>Gets the settings.</summary>
    public TuningChoice Choice { get; }

    /// <summary>Gets the measurements that led to the settings.</summary>
    public IReadOnlyList<TuningMeasurement> Measurements { get; }

    /// <summary>Gets the machine and the model shape of the profile.</summary>
    internal TuningKey Key { get; }

    /// <summary>
    /// Writes the file atomically and creates a missing folder. The fastest device in a file for the same machine and model shape stays.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path) => new TuningFile(Key, this, TuningFile.FindReplaced(path, Key)?.Device).Save(path);

    /// <summary>Reads a file and validates everything in it.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is not a profile of this version, a value is invalid, or the file holds no settings; the message says so.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read, is not a regular file, or is too large for a profile.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public static TuningProfile Load(string path) => TuningFile.Load(path).Settings
        ?? throw new InvalidDataException("it holds the choice of a device but no settings; ModelTuner.Run adds them");
}
