using EdgeRuntime.Modules;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates feed-forwards.</summary>
internal static class FeedForwardNodes
{
    /// <summary>Adds a feed-forward.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The feed-forward.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string Add(GraphContext context, Branch branch, string x) => Add(context, (FeedForward)branch, x, isRows: false);

    /// <summary>Adds a feed-forward.</summary>
    /// <param name="context">The context.</param>
    /// <param name="feedForward">The feed-forward.</param>
    /// <param name="x">[batch, tokens, hidden], or [rows, hidden].</param>
    /// <param name="isRows">Whether x has two dimensions.</param>
    public static string Add(GraphContext context, FeedForward feedForward, string x, bool isRows)
    {
        FeedForwardParts parts = feedForward.Parts;
        string up = context.Matrices.Multiply(parts.Up, x, isRows);
        string inner;
        if (parts.Gate is not null)
        {
            string gate = context.Matrices.Multiply(parts.Gate, x, isRows);
            gate = feedForward.Cutoff is { } cutoff ? CutOff(context, gate, parts.Width, cutoff) : gate;
            inner = ActivationNodes.Gate(context, parts.Activation, feedForward.Limit, gate, up);
        }
        else
        {
            inner = feedForward.Xielu is { } xielu
                ? ActivationNodes.Add(context, xielu, up)
                : ActivationNodes.Add(context, parts.Activation, up);
        }

        if (parts.Factors is not null)
        {
            inner = context.Binary("Mul", inner, context.Table("factors", parts.Factors, parts.Width));
        }

        return context.Matrices.Multiply(parts.Down, NormNodes.Add(context, feedForward.SubNorm, inner), isRows);
    }

    /// <summary>Adds max(0, g - mean(g) - cutoff deviation(g)).</summary>
    private static string CutOff(GraphContext context, string gate, int width, float cutoff)
    {
        string axes = context.Graph.Integers(-1);
        string centered = context.Binary("Sub", gate, context.Graph.Add("ReduceMean", [gate, axes]));
        string squares = context.Graph.Add("ReduceSum", [context.Binary("Mul", centered, centered), axes]);
        string deviation = context.Graph.Add("Sqrt", [context.Binary("Div", squares, context.Number(width - 1))]);
        return context.Graph.Add("Relu", [context.Binary("Sub", centered, context.Scale(deviation, cutoff))]);
    }
}
