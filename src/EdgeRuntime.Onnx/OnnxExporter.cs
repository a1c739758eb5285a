using System;
using System.Threading;

namespace EdgeRuntime.Onnx;

/// <summary>Exports GGUF files as folders of ONNX Runtime.</summary>
/// <example>
/// <code>
/// OnnxExporter.Export("model.gguf", "model-onnx", OnnxProfile.Cpu);
/// Console.WriteLine(string.Join(", ", Directory.EnumerateFiles("model-onnx").Select(Path.GetFileName)));
/// </code>
/// </example>
public static class OnnxExporter
{
    /// <summary>Writes a folder for a device.</summary>
    /// <param name="ggufPath">The GGUF file.</param>
    /// <param name="folder">The new folder. It appears when it is complete.</param>
    /// <param name="profile">The profile of the device.</param>
    /// <param name="progress">Receives the share that is written, or null.</param>
    /// <param name="cancellationToken">Stops writing; nothing remains.</param>
    /// <inheritdoc cref="OnnxExport.Open" path="/exception"/>
    /// <inheritdoc cref="OnnxExport.Write" path="/exception"/>
    public static void Export(
        string ggufPath,
        string folder,
        OnnxProfile profile,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using OnnxExport export = OnnxExport.Open(ggufPath, new OnnxExportOptions { Profile = profile });
        export.Write(folder, progress, cancellationToken);
    }
}
