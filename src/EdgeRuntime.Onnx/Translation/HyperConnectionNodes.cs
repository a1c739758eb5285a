using System;
using System.Linq;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates branches between several residual streams, [batch, tokens, streams, hidden].</summary>
internal static class HyperConnectionNodes
{
    /// <summary>Adds streams that are copies of x.</summary>
    /// <returns>The residual stream as it is.</returns>
    public static string Start(GraphContext context, Stage stage, string x)
    {
        ResidualStreams streams = ((StartOfStreams)stage).Streams;
        string one = context.Reshape(x, 0, 0, 1, streams.Hidden);
        context.Streams[streams] = context.Concat([.. Enumerable.Repeat(one, streams.Count)], axis: 2);
        return x;
    }

    /// <summary>Adds a weighted sum of the streams.</summary>
    public static string End(GraphContext context, Stage stage, string x)
    {
        StreamWeightsParts parts = ((EndOfStreams)stage).Parts;
        return Reduce(context, parts.Streams, Weights(context, parts));
    }

    /// <summary>Adds stream i += output[i] * branch(norm(sum over i of input[i] * stream i)).</summary>
    /// <returns>The residual stream as it is.</returns>
    public static string Add(GraphContext context, Stage stage, string x)
    {
        HyperConnectionParts parts = ((HyperConnection)stage).Parts;
        ResidualStreams streams = parts.Weights.Streams;
        string[] weights = context.Split(Weights(context, parts.Weights), streams.Count, streams.Count);
        string input = NormNodes.Add(context, parts.Before, Reduce(context, streams, weights[0]));
        string result = context.Reshape(ModuleTranslations.Add(context, parts.Branch, input), 0, 0, 1, streams.Hidden);
        string change = context.Binary("Mul", context.Reshape(weights[1], 0, 0, streams.Count, 1), result);
        context.Streams[streams] = context.Binary("Add", context.Streams[streams], change);
        return x;
    }

    private static string Reduce(GraphContext context, ResidualStreams streams, string weights)
    {
        string sum = context.Binary("MatMul", context.Reshape(weights, 0, 0, 1, streams.Count), context.Streams[streams]);
        return context.Reshape(sum, 0, 0, streams.Hidden);
    }

    /// <summary>Adds factor * sigmoid(scale W rms(streams) + base) + epsilon, [batch, tokens, weights].</summary>
    private static string Weights(GraphContext context, StreamWeightsParts parts)
    {
        int count = parts.Streams.Count;
        int width = parts.Projection.Rows;
        string all = context.Reshape(context.Streams[parts.Streams], 0, 0, parts.Streams.Width);
        string product = context.Matrices.Multiply(parts.Projection, NormNodes.Add(context, parts.Norm, all));
        string scale = Spread("scale", i => parts.Scales[i / count]);
        string factor = Spread("factor", i => i < count ? 1 : parts.Spec.Magnitude);
        string shifted = context.Binary("Add", context.Binary("Mul", product, scale), context.Table("base", parts.Base, width));
        string weights = context.Binary("Mul", context.Graph.Add("Sigmoid", [shifted]), factor);
        return context.Binary("Add", weights, context.Number(parts.Spec.Epsilon));

        string Spread(string what, Func<int, float> value) => context.Constant(
            what, (what, parts.Base), () => Enumerable.Range(0, width).Select(value).ToArray(), width);
    }
}
