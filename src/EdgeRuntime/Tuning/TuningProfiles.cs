using System;
using System.IO;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Tuning;

/// <summary>Where tuning profiles lie, one file for each machine and shape of model.</summary>
public static class TuningProfiles
{
    /// <summary>The environment variable that names another folder.</summary>
    public const string EnvironmentVariable = "EDGERUNTIME_PROFILES";

    /// <summary>The folder of EDGERUNTIME_PROFILES, or edgert/profiles in the user's folder for local data; null where the user has none.</summary>
    public static string? Folder
    {
        get
        {
            if (Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } folder)
            {
                return folder;
            }

            string local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            return local.Length > 0 ? Path.Combine(local, "edgert", "profiles") : null;
        }
    }

    /// <summary>The file of a key's profile; null where there is no folder.</summary>
    public static string? PathOf(TuningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Folder is { } folder ? Path.Combine(folder, key.FileName) : null;
    }

    /// <summary>The profile of a model on this machine. One that is damaged or made for something else is left alone, with one warning.</summary>
    /// <returns>Null where there is none that can be used.</returns>
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

        Log.ProfileIgnored(logger, path, problem.ReplaceLineEndings(" "));
        return null;
    }
}
