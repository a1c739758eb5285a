using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;
using Microsoft.ML.OnnxRuntime;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>Says in words why a provider can't be used on this machine.</summary>
internal static partial class ProviderProblems
{
    /// <summary>Finds out whether ONNX Runtime can create the provider of a device.</summary>
    /// <param name="settings">The device.</param>
    /// <returns>Null if it can, else one line that says why not.</returns>
    public static string? Find(SessionSettings settings)
    {
        try
        {
            if (settings.Profile.Provider is { } provider && settings.ProviderLibrary is null && !IsCompiledIn(provider))
            {
                return Missing(settings.Profile);
            }

            using OrtSessionOptions options = ProviderSetup.CreateOptions(settings);
            using var session = new InferenceSession(CreateProbe(), options);
            return null;
        }
        catch (OnnxDeviceException exception)
        {
            return exception.Message;
        }
        catch (Exception exception) when (OnnxErrors.IsOfRuntime(exception))
        {
            return Explain(settings.Profile, exception).Message;
        }
    }

    /// <summary>Requires that ONNX Runtime can create the provider of a device.</summary>
    /// <exception cref="OnnxDeviceException">It can't; the message says why not.</exception>
    public static void Require(SessionSettings settings)
    {
        if (Find(settings) is { } problem)
        {
            throw new OnnxDeviceException(problem);
        }
    }

    /// <summary>Makes one line of the exception that a provider threw when it was created.</summary>
    public static OnnxDeviceException Explain(OnnxProfile profile, Exception exception)
    {
        if (profile.Provider is { } provider && !IsCompiledIn(provider))
        {
            return new OnnxDeviceException(Missing(profile), exception);
        }

        Match missing = MissingFile().Match(exception.Message);
        return missing.Success
            ? new OnnxDeviceException($"{profile.Name}: it needs {profile.Needs}; missing: {missing.Groups[1].Value}", exception)
            : OnnxErrors.Translate(profile.Name, exception);
    }

    /// <summary>Gets the names of the providers in the library, without the suffix that all of them have.</summary>
    public static IEnumerable<string> CompiledIn() =>
        OrtEnv.Instance().GetAvailableProviders().Select(static name => name.Replace("ExecutionProvider", "", StringComparison.Ordinal));

    /// <summary>Creates a model of one node. Some providers look for their device only when a session is created.</summary>
    private static byte[] CreateProbe()
    {
        var graph = new OnnxGraph("probe", default);
        string input = graph.Input("x", ElementKind.Float32, "4");
        graph.Add("Add", [input, input], ["y"]);
        graph.Output("y", ElementKind.Float32, "4");
        return graph.ToModel();
    }

    private static bool IsCompiledIn(string provider) => CompiledIn().Contains(provider, StringComparer.OrdinalIgnoreCase);

    private static string Missing(OnnxProfile profile) =>
        $"{profile.Name}: this library of ONNX Runtime has no provider {profile.Provider} (it has {string.Join(", ", CompiledIn())}); "
        + $"it needs {profile.Needs}, and {profile.Package}";

    [GeneratedRegex(@"([\w.+-]+\.(?:so[.\d]*|dll|dylib)): cannot open shared object file")]
    private static partial Regex MissingFile();
}
