using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>Creates the options of a session for a device.</summary>
internal static class ProviderSetup
{
    private static readonly HashSet<string> s_plugins = [];

    /// <summary>Creates the options. An asked-for GPU or NPU runs the whole graph or none of it.</summary>
    /// <param name="settings">The device.</param>
    /// <returns>The options, which the caller disposes.</returns>
    /// <exception cref="OnnxDeviceException">The provider is missing, or refuses the value of an option.</exception>
    /// <exception cref="ArgumentException">The provider has no such option.</exception>
    public static OrtSessionOptions CreateOptions(SessionSettings settings)
    {
        OnnxProfile profile = settings.Profile;
        CheckNames(settings);
        var options = new OrtSessionOptions
        {
            IntraOpNumThreads = settings.Threads,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        try
        {
            if (profile.Provider is not null)
            {
                // The shapes of a pass change, and some devices compute what a plan of memory for other shapes overwrites.
                options.EnableMemoryPattern = false;
                options.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
                Append(options, settings, Merge(profile.Options, settings.Options));
            }

            return options;
        }
        catch (Exception exception) when (OnnxErrors.IsOfRuntime(exception))
        {
            options.Dispose();
            throw ProviderProblems.Explain(profile, exception);
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    /// <summary>Refuses options that the provider would ignore.</summary>
    private static void CheckNames(SessionSettings settings)
    {
        (OnnxProfile profile, IEnumerable<string> given) = (settings.Profile, settings.Options.Keys);
        bool isProcessor = profile.Provider is null;
        string? unknown = given.FirstOrDefault(
            name => isProcessor || (profile.OptionNames.Count > 0 && !profile.OptionNames.Contains(name, StringComparer.Ordinal)));
        if (unknown is not null)
        {
            string expected = isProcessor ? "this device has no options" : $"expected one of {string.Join(", ", profile.OptionNames)}";
            throw new ArgumentException($"{profile.Name}: no such option: {Printable.Shorten(unknown)}; {expected}");
        }
    }

    private static void Append(OrtSessionOptions options, SessionSettings settings, Dictionary<string, string> values)
    {
        string provider = settings.Profile.Provider!;
        if (settings.ProviderLibrary is { } library)
        {
            options.AppendExecutionProvider(OrtEnv.Instance(), FindDevices(library, settings.Profile), values);
        }
        else if (provider == "CUDA")
        {
            // This form names the missing library of CUDA, the others do not; the general form does not know CUDA.
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(values);
            options.AppendExecutionProvider_CUDA(cuda);
        }
        else
        {
            options.AppendExecutionProvider(provider, values);
        }
    }

    /// <summary>Registers the library of a plugin provider, once, and gets its devices.</summary>
    private static OrtEpDevice[] FindDevices(string library, OnnxProfile profile)
    {
        string path = Path.GetFullPath(library);
        OrtEnv environment = OrtEnv.Instance();
        lock (s_plugins)
        {
            if (s_plugins.Add(path))
            {
                try
                {
                    environment.RegisterExecutionProviderLibrary(Path.GetFileNameWithoutExtension(path), path);
                }
                catch (OnnxRuntimeException exception)
                {
                    s_plugins.Remove(path);
                    throw new OnnxDeviceException(
                        $"{library}: this library of a provider can't be used: {OnnxErrors.Detail(exception)}", exception);
                }
            }
        }

        OrtEpDevice[] devices = [.. environment.GetEpDevices().Where(
            device => device.EpName.StartsWith(profile.Provider!, StringComparison.OrdinalIgnoreCase))];
        return devices.Length > 0 ? devices : throw new OnnxDeviceException(
            $"{library}: the provider finds no device of this machine for {profile.Name}");
    }

    private static Dictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> defaults, IReadOnlyDictionary<string, string> given)
    {
        var merged = new Dictionary<string, string>(defaults);
        foreach ((string key, string value) in given)
        {
            merged[key] = value;
        }

        return merged;
    }
}
