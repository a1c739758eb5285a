using System;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// Translates alternating updates: layers between several streams, [batch, tokens, streams, hidden], of which they compute one.
/// </summary>
internal static class AlternatingNodes
{
    /// <summary>Adds the streams: x, and products of x with its length.</summary>
    /// <returns>The residual stream as it is.</returns>
    public static string Start(GraphContext context, Stage stage, string x)
    {
        AlternatingStreamsParts parts = ((StartOfAlternatingStreams)stage).Parts;
        string[] streams =
        [
            x, .. Array.ConvertAll(parts.Matrices, matrix => ScaleToLength(context, context.Matrices.Multiply(matrix, x), x)),
        ];
        context.Streams[parts.Streams] = context.Concat(
            Array.ConvertAll(streams, stream => context.Reshape(stream, 0, 0, 1, parts.Streams.Hidden)), axis: 2);
        return x;
    }

    /// <summary>Adds the mean of the first stream and of products of the others with its length.</summary>
    public static string End(GraphContext context, Stage stage, string x)
    {
        AlternatingStreamsParts parts = ((EndOfAlternatingStreams)stage).Parts;
        string sum = x;
        for (int i = 1; i < parts.Streams.Count; i++)
        {
            string product = context.Matrices.Multiply(parts.Matrices[i - 1], StreamOf(context, parts.Streams, i));
            sum = context.Binary("Add", sum, ScaleToLength(context, product, x));
        }

        return context.Scale(sum, 1f / parts.Streams.Count);
    }

    /// <summary>Adds a layer.</summary>
    /// <returns>The first stream.</returns>
    public static string Update(GraphContext context, Stage stage, string x)
    {
        AlternatingUpdateParts parts = ((AlternatingUpdate)stage).Parts;
        Predict(context, parts, x);
        x = StreamOf(context, parts.Streams, 0);
        foreach (Stage inner in parts.Stages)
        {
            x = ModuleTranslations.Add(context, inner, x);
        }

        x = Correct(context, parts, x);
        string result = NormNodes.Add(context, parts.BranchNorm, ModuleTranslations.Add(context, parts.Branch, x));
        AddToOthers(context, parts.Streams, result);
        return StreamOf(context, parts.Streams, 0);
    }

    /// <summary>Adds stream i += sum over j of coefficient[i, j] * stream j.</summary>
    private static void Predict(GraphContext context, AlternatingUpdateParts parts, string x)
    {
        int count = parts.Streams.Count;
        string coefficients = Coefficients(context, parts, "predictions", parts.Predictions, x);
        string change = context.Binary(
            "MatMul", context.Reshape(coefficients, 0, 0, count, count), context.Streams[parts.Streams]);
        context.Streams[parts.Streams] = context.Binary("Add", context.Streams[parts.Streams], change);
    }

    /// <summary>Adds stream i += (1 + coefficient[i]) * (x - stream 0).</summary>
    /// <returns>The scaled first stream.</returns>
    private static string Correct(GraphContext context, AlternatingUpdateParts parts, string x)
    {
        ResidualStreams streams = parts.Streams;
        string coefficients = Coefficients(context, parts, "corrections", parts.Corrections, x);
        coefficients = context.Reshape(context.Binary("Add", coefficients, context.Number(1)), 0, 0, streams.Count, 1);
        string difference = context.Binary("Sub", x, StreamOf(context, streams, 0));
        string change = context.Binary("Mul", coefficients, context.Reshape(difference, 0, 0, 1, streams.Hidden));
        context.Streams[streams] = context.Binary("Add", context.Streams[streams], change);
        string scale = context.Table("scale", parts.Scale, streams.Hidden);
        return context.Binary("Mul", StreamOf(context, streams, 0), scale);
    }

    private static void AddToOthers(GraphContext context, ResidualStreams streams, string result)
    {
        float[] Factors()
        {
            float[] factors = new float[streams.Count];
            factors.AsSpan(1).Fill(1);
            return factors;
        }

        string others = context.Constant("others", ("others", streams.Count), () => Factors(), streams.Count, 1);
        string change = context.Binary("Mul", context.Reshape(result, 0, 0, 1, streams.Hidden), others);
        context.Streams[streams] = context.Binary("Add", context.Streams[streams], change);
    }

    /// <summary>Adds the products of coefficients with tanh(Router norm(x)).</summary>
    private static string Coefficients(GraphContext context, AlternatingUpdateParts parts, string what, float[] values, string x)
    {
        int count = parts.Streams.Count;
        string router = context.Matrices.Multiply(parts.Router, NormNodes.Add(context, parts.RouterNorm, x));
        string table = context.Table(what, values, values.Length / count, count);
        table = context.Graph.Add("Transpose", [table], OnnxAttribute.Of("perm", [1L, 0L]));
        return context.Binary("MatMul", context.Graph.Add("Tanh", [router]), table);
    }

    private static string StreamOf(GraphContext context, ResidualStreams streams, int index) => context.Graph.Add(
        "Gather", [context.Streams[streams], context.Graph.Integer(index)], OnnxAttribute.Of("axis", 2L));

    private static string ScaleToLength(GraphContext context, string x, string other) =>
        context.Binary("Mul", x, context.Binary("Div", Length(context, other), Length(context, x)));

    private static string Length(GraphContext context, string x) => context.Graph.Add("ReduceL2", [x, context.Graph.Integers(-1)]);
}
