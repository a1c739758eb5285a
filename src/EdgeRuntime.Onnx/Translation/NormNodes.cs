using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates norms.</summary>
internal static class NormNodes
{
    /// <summary>Adds a norm over the last dimension.</summary>
    /// <param name="context">The context.</param>
    /// <param name="norm">The norm; null adds nothing.</param>
    /// <param name="x">[batch, tokens, width].</param>
    public static string Add(GraphContext context, Norm? norm, string x) => norm is null ? x : AddRows(context, norm, x);

    /// <summary>Adds a norm over each head, or over all heads together.</summary>
    /// <param name="context">The context.</param>
    /// <param name="norm">The norm; null adds nothing.</param>
    /// <param name="x">[batch, tokens, heads * width].</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="length">The width of a head.</param>
    public static string AddHeads(GraphContext context, Norm? norm, string x, int heads, int length)
    {
        if (norm is null || norm.Width == heads * length)
        {
            return Add(context, norm, x);
        }

        string parts = context.Reshape(x, 0, 0, heads, length);
        return context.Reshape(AddRows(context, norm, parts), 0, 0, heads * length);
    }

    private static string AddRows(GraphContext context, Norm norm, string x)
    {
        NormParts parts = norm.Parts;
        bool isShared = norm.WeightRows == 1;
        string weight = parts.Weight is null || !isShared
            ? context.Ones(norm.Width)
            : context.Table("norm.weight", parts.Weight, norm.Width);
        bool isRms = parts.Kind == NormKind.Rms;
        OnnxAttribute[] attributes =
        [
            OnnxAttribute.Of("axis", -1L), OnnxAttribute.Of("epsilon", parts.Epsilon), OnnxAttribute.Of("stash_type", 1L),
        ];
        string y = context.Graph.Add(isRms ? "SimplifiedLayerNormalization" : "LayerNormalization", [x, weight], attributes);
        if (!isShared && parts.Weight is not null)
        {
            y = context.Binary("Mul", y, context.Table("norm.weights", parts.Weight, norm.WeightRows, norm.Width));
        }

        if (parts.Bias is null)
        {
            return y;
        }

        return context.Binary("Add", y, isShared
            ? context.Table("norm.bias", parts.Bias, norm.Width)
            : context.Table("norm.biases", parts.Bias, norm.WeightRows, norm.Width));
    }
}
