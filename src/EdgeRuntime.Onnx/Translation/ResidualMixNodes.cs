using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates residuals that attend to the streams of earlier layers.</summary>
internal static class ResidualMixNodes
{
    /// <summary>Adds x + branch(norm(mix(x))), or branch(norm(mix(x))) for a stage that keeps its input.</summary>
    public static string Add(GraphContext context, Stage stage, string x)
    {
        MixedResidualParts parts = ((MixedResidual)stage).Parts;
        string input = NormNodes.Add(context, parts.Norm, Mix(context, parts.Mix, x));
        string result = ModuleTranslations.Add(context, parts.Branch, input);
        if (!parts.Keeps)
        {
            return context.Binary("Add", x, result);
        }

        KeptBy(context, parts.Mix).Add(x);
        return result;
    }

    /// <summary>Adds mix(x).</summary>
    public static string AddMix(GraphContext context, Stage stage, string x) => Mix(context, ((MixStream)stage).Mix, x);

    /// <summary>Adds sum over i of p[i] x[i], with the softmax p of the sums of normed streams.</summary>
    private static string Mix(GraphContext context, ResidualMix mix, string x)
    {
        string[] streams = [.. KeptBy(context, mix).Take(mix.Count), x];
        string axis = context.Graph.Integers(-1);
        string[] sums = [.. streams.Select(
            stream => context.Graph.Add("ReduceSum", [NormNodes.Add(context, mix.Score, stream), axis]))];
        string scores = context.Graph.Add("Softmax", [context.Concat(sums, axis: 2)], OnnxAttribute.Of("axis", -1L));
        string[] weights = context.Split(scores, [.. Enumerable.Repeat(1L, streams.Length)]);
        return streams.Zip(weights, (stream, weight) => context.Binary("Mul", stream, weight))
            .Aggregate((sum, product) => context.Binary("Add", sum, product));
    }

    private static List<string> KeptBy(GraphContext context, ResidualMix mix)
    {
        if (!context.MixedStreams.TryGetValue(mix.Kept, out List<string>? kept))
        {
            context.MixedStreams[mix.Kept] = kept = [];
        }

        return kept;
    }
}
