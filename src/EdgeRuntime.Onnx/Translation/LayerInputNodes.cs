using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates the inputs of layers that come from a second embedding.</summary>
internal static class LayerInputNodes
{
    /// <summary>Adds (norm(P x) + E[token]) / sqrt(2) for all layers, which <see cref="AddInput"/> reads.</summary>
    /// <returns>The residual stream as it is.</returns>
    public static string AddInputs(GraphContext context, Stage stage, string x)
    {
        var inputs = (LayerInputs)stage;
        LayerInputsParts parts = inputs.Parts;
        string product = context.Reshape(context.Matrices.Multiply(parts.Projection, x), 0, 0, parts.Layers, inputs.Width);
        string embedding = context.Matrices.LookUp(parts.Table, (int)parts.Table.Rows, context.Batch.Ids);
        embedding = context.Reshape(context.Scale(embedding, parts.Scale), 0, 0, parts.Layers, inputs.Width);
        string sum = context.Binary("Add", NormNodes.Add(context, parts.Norm, product), embedding);
        context.LayerInputs[inputs] = context.Scale(sum, 1 / MathF.Sqrt(2));
        return x;
    }

    /// <summary>Adds Down (gelu(Gate x) * input).</summary>
    public static string AddInput(GraphContext context, Branch branch, string x)
    {
        LayerInputParts parts = ((LayerInput)branch).Parts;
        string input = context.Graph.Add(
            "Gather", [context.LayerInputs[parts.Inputs], context.Graph.Integer(parts.Layer)], OnnxAttribute.Of("axis", 2L));
        string gate = ActivationNodes.Add(context, Activation.Gelu, context.Matrices.Multiply(parts.Gate, x));
        return context.Matrices.Multiply(parts.Output, context.Binary("Mul", gate, input));
    }
}
