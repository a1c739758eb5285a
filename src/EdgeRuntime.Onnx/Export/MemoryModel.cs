using System;
using System.Collections.Generic;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Export;

/// <summary>A converted model in memory. Owns its data.</summary>
/// <param name="SourcePath">The full path of the GGUF file.</param>
/// <param name="Graph">The content of the graph, whose large constants lie at <see cref="DataLocation.InMemory"/>.</param>
/// <param name="Config">The content of <see cref="GenAiConfig.FileName"/>.</param>
/// <param name="Constants">The large constants.</param>
/// <param name="Data">Their values.</param>
internal sealed record MemoryModel(
    string SourcePath, byte[] Graph, byte[] Config, IReadOnlyList<OnnxConstant> Constants, DataMemory Data) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Data.Dispose();
}
