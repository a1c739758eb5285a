using System.Collections.Generic;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>A graph of a model. The graphs of a model differ in the inputs that describe a batch, and share the data file.</summary>
/// <param name="Bytes">The content of the file.</param>
/// <param name="Layers">The layers with keys and values, in the order of the cache.</param>
/// <param name="States">The number of inputs of recurrent state.</param>
/// <param name="Constants">The constants that lie in the data of the model.</param>
internal sealed record ModelGraph(
    byte[] Bytes, IReadOnlyList<AttentionSpec> Layers, int States, IReadOnlyList<OnnxConstant> Constants)
{
    private const string Logits = "logits";

    /// <summary>
    /// Builds the graph of ONNX Runtime GenAI: from <c>input_ids</c> and <c>attention_mask</c> to the logits of the last token.
    /// </summary>
    /// <exception cref="UnsupportedModelException">A module or a tensor type has no translation.</exception>
    public static ModelGraph ForGenAi(TranslatedModel model, DataLocation data)
    {
        var graph = new OnnxGraph("model", data);
        graph.BeginScope("batch");
        string ids = graph.Input("input_ids", ElementKind.Int64, "batch", "tokens");
        string mask = graph.Input("attention_mask", ElementKind.Int64, "batch", "total_length");
        string length = graph.Add("ReduceSum", [mask, graph.Integers(1)], OnnxAttribute.Of("keepdims", 0L));
        string last = ToInt32(graph, graph.Add("Sub", [length, graph.Integer(1)]));
        string total = ToInt32(graph, graph.Add("Gather", [graph.Add("Shape", [mask]), graph.Integer(1)]));
        return Build(graph, model, new BatchInputs(ids, last, total, graph.Integers(-1)), rows: "1");
    }

    /// <summary>
    /// Builds the graph of this runtime's engine: from <c>input_ids</c>, <c>seqlens_k</c>, <c>total_sequence_length</c> and <c>rows</c> to
    /// the logits of these rows.
    /// </summary>
    /// <inheritdoc cref="ForGenAi" path="/exception"/>
    public static ModelGraph ForEngine(TranslatedModel model, DataLocation data)
    {
        var graph = new OnnxGraph("engine", data);
        graph.BeginScope("batch");
        var batch = new BatchInputs(
            graph.Input("input_ids", ElementKind.Int64, "batch", "tokens"),
            graph.Input("seqlens_k", ElementKind.Int32, "batch"),
            graph.Input("total_sequence_length", ElementKind.Int32),
            graph.Input("rows", ElementKind.Int64, "rows"))
        {
            PositionInput = "position_ids",
        };
        return Build(graph, model, batch, "rows");
    }

    private static ModelGraph Build(OnnxGraph graph, TranslatedModel model, BatchInputs batch, string rows)
    {
        var context = new GraphContext(graph, model, batch);
        graph.Output(Logits, ElementKind.Float32, "batch", rows, $"{model.Modules.Vocabulary}");
        string x = "";
        foreach (Stage stage in model.Modules.Stages)
        {
            x = ModuleTranslations.Add(context, stage, x);
        }

        graph.Rename(x, Logits);
        return new ModelGraph(graph.ToModel(), context.Layers, context.StateCount, [.. graph.ExternalConstants]);
    }

    private static string ToInt32(OnnxGraph graph, string x) => graph.Add("Cast", [x], OnnxAttribute.Of("to", (long)ElementKind.Int32));
}
