using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// Translates recurrences: a state that each token replaces, and a result that depends on it. The operator Scan runs the nodes of a token
/// for all tokens of a pass. States and results are float32, also where other activations are float16: their errors would add up.
/// </summary>
/// <param name="context">The context.</param>
/// <param name="prefix">The layer, for messages.</param>
internal sealed class RecurrenceNodes(GraphContext context, string prefix)
{
    private readonly List<string> _inputs = [];
    private readonly List<OnnxValue> _bodyInputs = [];

    private OnnxGraph Graph => context.Graph;

    /// <summary>Adds a value of which each token reads its own part.</summary>
    /// <param name="x">[batch, tokens, ...].</param>
    /// <param name="shape">The shape of a token's part.</param>
    /// <returns>The part of a token in the body, float32 [batch, shape].</returns>
    public string AddInput(string x, params long[] shape)
    {
        string name = Graph.NewName($"step.{_inputs.Count}");
        _inputs.Add(context.ToSingle(context.Reshape(x, [0, 0, .. shape])));
        _bodyInputs.Add(Value(name, shape));
        return name;
    }

    /// <summary>Adds the recurrence.</summary>
    /// <param name="shape">The shape of the state.</param>
    /// <param name="resultShape">The shape of the result of a token.</param>
    /// <param name="step">
    /// Adds the nodes of a token, which read the inputs: from the state before it, [batch, shape], to the next one and the result, [batch,
    /// result shape].
    /// </param>
    /// <returns>[batch, tokens, result shape], of the type of activations.</returns>
    /// <exception cref="UnsupportedModelException">The device has no such operator.</exception>
    public string Add(long[] shape, long[] resultShape, Func<string, (string Next, string Result)> step)
    {
        if (!context.Profile.HasScan)
        {
            throw context.Model.Refuse(prefix, "a recurrence over tokens (the operator Scan)");
        }

        string state = Graph.NewName("state");
        OnnxBody body = Graph.Body([Value(state, shape), .. _bodyInputs], () =>
        {
            (string next, string result) = step(state);
            return [Value(next, shape), Value(result, resultShape)];
        });
        (string past, string present) = context.AddState(ElementKind.Float32, shape);
        string results = Graph.NewName("results");
        long[] axes = new long[_inputs.Count];
        Array.Fill(axes, 1);
        Graph.Add(
            "Scan",
            [past, .. _inputs],
            [present, results],
            OnnxAttribute.Of("body", body),
            OnnxAttribute.Of("num_scan_inputs", (long)_inputs.Count),
            OnnxAttribute.Of("scan_input_axes", axes),
            OnnxAttribute.Of("scan_output_axes", [1L]));
        return context.Floats == ElementKind.Float32 ? results : context.ToFloats(results);
    }

    private static OnnxValue Value(string name, long[] shape) =>
        new(name, ElementKind.Float32, ["batch", .. shape.Select(static length => $"{length}")]);
}
