using System;
using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Onnx.Export;
using EdgeRuntime.Onnx.Graph;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OrtSessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// The weights of a session that has no folder, as tensors over memory. Owns the model, and lives as long as the session.
/// </summary>
/// <remarks>Only the processor reads such tensors: other providers read the file that the graph names.</remarks>
internal sealed class WeightsInMemory : IDisposable
{
    private readonly MemoryModel _model;
    private readonly List<OrtValue> _values = [];

    /// <param name="model">The model; owned from now on, also if this throws.</param>
    /// <param name="options">The options of the session, which receive the tensors.</param>
    public WeightsInMemory(MemoryModel model, OrtSessionOptions options)
    {
        _model = model;
        try
        {
            options.AddSessionConfigEntry(
                "session.model_external_initializers_file_folder_path", Path.GetDirectoryName(model.SourcePath)!);

            // Folding reads constants before the session has these tensors.
            options.AddSessionConfigEntry("optimization.disable_specified_optimizers", "ConstantFolding");
            foreach (OnnxConstant constant in model.Constants)
            {
                // The numbers of element types are those of ONNX in both.
                OrtValue value = OrtValue.CreateTensorValueWithData(
                    OrtMemoryInfo.DefaultInstance, (TensorElementType)constant.Kind, constant.Dimensions,
                    model.Data.AddressOf(constant.Range), constant.Range.Length);
                _values.Add(value);
                options.AddInitializer(constant.Name, value);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _values.ForEach(static value => value.Dispose());
        _model.Dispose();
    }
}
