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

    /// <summary>Finds the profile of a model on this machine. A damaged or mismatched profile is ignored with one warning.</summary>
    /// <returns>The profile, or null if there is no usable one.</returns>
    internal static TuningProfile? Find(GgufFile file, ILogger logger)
    {
        TuningKey key = TuningKey.Of(file);
        string? path = PathOf(key);
        if (path is null || !File.Exists(path))
        {
            return null;
        }

        string problem;
        try
        {
            TuningProfile profile = TuningProfile.Load(path);
            if (key.DifferenceTo(profile.Key) is not { } difference)
            {
                return profile;
            }

            problem = difference;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            problem = FileException.Describe(path, exception);
        }

        TuningLog.ProfileIgnored(logger, path, problem.ReplaceLineEndings(" "));
        return null;
    }

    private static string? PathOf(TuningKey key) => Folder is { } folder ? Path.Combine(folder, key.FileName) : null;
}
