using System.Collections.Generic;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>How a session of ONNX Runtime is created.</summary>
/// <param name="Profile">The device.</param>
/// <param name="Threads">The number of threads of the processor that compute.</param>
internal sealed record SessionSettings(OnnxProfile Profile, int Threads)
{
    /// <summary>Gets options of the provider that replace or add to those of the profile.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the path of the library of a plugin provider; null for a provider of ONNX Runtime's own library.</summary>
    public string? ProviderLibrary { get; init; }
}
