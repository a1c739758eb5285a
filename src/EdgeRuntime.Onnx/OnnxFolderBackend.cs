using System;
using System.Threading;
using EdgeRuntime.Onnx.Runtime;

namespace EdgeRuntime.Onnx;

/// <summary>
/// Loads the folders that the model builder of ONNX Runtime GenAI writes (genai_config.json, model.onnx, tokenizer.json), on the processor.
/// For <see cref="ModelOptions.Backends"/>; another device is chosen with <see cref="ModelOptions.Device"/>.
/// </summary>
/// <example>
/// <code>
/// OnnxExporter.Export("model.gguf", "model-onnx", OnnxProfile.Cpu);
/// using LanguageModel model = LanguageModel.Load("model-onnx", new ModelOptions { Backends = [new OnnxFolderBackend()] });
/// Console.WriteLine(model.Engine.Name);
/// </code>
/// </example>
public sealed class OnnxFolderBackend : IModelBackend
{
    /// <inheritdoc/>
    public string Name => "onnx";

    /// <inheritdoc/>
    public bool CanLoad(string path) => GenAiModel.IsFolder(path);

    /// <inheritdoc/>
    /// <exception cref="OnnxDeviceException">ONNX Runtime is missing, broken or too old, or can't run the model.</exception>
    public LanguageModel Load(
        string path, ModelOptions options, IProgress<float>? progress = null, CancellationToken cancellationToken = default) =>
        OnnxDevice.Cpu().Load(path, options, progress, cancellationToken);
}
