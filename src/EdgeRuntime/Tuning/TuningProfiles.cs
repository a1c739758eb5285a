using System;
using System.IO;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Tuning;

/// <summary>Locates tuning profiles, one file per machine and model shape.</summary>
public static class TuningProfiles
{
    /// <summary>The environment variable for another folder.</summary>
    public const string EnvironmentVariable = "EDGERUNTIME_PROFILES";

    /// <summary>
    /// Gets the folder in EDGERUNTIME_PROFILES, or edgert/profiles in the user's folder for local data; null if there is none.
    /// </summary>
    public static string? Folder =>
        Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } folder ? folder : UserData.FindFolder("profiles");

    /// <summary>
    /// Gets the path where loading looks for the profile of this machine and model shape; null if there is no folder of profiles.
    /// </summary>
    public static string? GetPath(TuningProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return PathOf(profile.Key);
    }

    /// <summary>
    /// Finds the settings of a model on this machine. A damaged or mismatched profile is ignored with one warning.
    /// </summary>
    /// <returns>The settings, or null if there are no usable ones.</returns>
    internal static TuningProfile? Find(GgufFile file, ILogger logger) => FindFile(TuningKey.Of(file), logger, out _)?.Settings;

    /// <summary>Finds the file of a model on this machine. A damaged or mismatched file is ignored with one warning.</summary>
    /// <param name="key">The machine and the model shape.</param>
    /// <param name="logger">Receives the warning.</param>
    /// <param name="isIgnored">Whether there is a file that can't be used.</param>
    /// <returns>The file, or null if there is no usable one.</returns>
    internal static TuningFile? FindFile(TuningKey key, ILogger logger, out bool isIgnored)
    {
        string? path = PathOf(key);
        isIgnored = false;
        if (path is null || !File.Exists(path))
        {
            return null;
        }

        string problem;
        try
        {
            TuningFile file = TuningFile.Load(path);
            if (key.DifferenceTo(file.Key) is not { } difference)
            {
                return file;
            }

            problem = difference;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            problem = FileException.Describe(path, exception);
        }

        isIgnored = true;
        TuningLog.ProfileIgnored(logger, path, problem.ReplaceLineEndings(" "));
        return null;
    }

    /// <summary>Keeps the fastest device of a model. Settings in the file stay. Has no effect without a folder of profiles.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    internal static void Keep(TuningKey key, DeviceTuning device)
    {
        if (PathOf(key) is { } path)
        {
            new TuningFile(key, TuningFile.FindReplaced(path, key)?.Settings, device).Save(path);
        }
    }

    private static string? PathOf(TuningKey key) => Folder is { } folder ? Path.Combine(folder, key.FileName) : null;
}
