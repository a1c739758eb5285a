using System.IO;

namespace EdgeRuntime.Extensions.AI;

/// <summary>The names under which models are described to Microsoft.Extensions.AI.</summary>
internal static class ModelIds
{
    /// <summary>The name of the provider in metadata and telemetry.</summary>
    public const string Provider = "edgeruntime";

    /// <summary>Gets the id of a model: the name of its file without extension.</summary>
    public static string Of(LanguageModel model) => Path.GetFileNameWithoutExtension(model.Path);
}
