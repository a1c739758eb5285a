using EdgeRuntime.Modules;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates the small branches that consist of products and norms only.</summary>
internal static class BranchNodes
{
    /// <summary>Adds W x.</summary>
    public static string AddLinear(GraphContext context, Branch branch, string x) =>
        context.Matrices.Multiply(((LinearBranch)branch).Matrix, x);

    /// <summary>Adds x + norm(R L x).</summary>
    public static string AddLowRank(GraphContext context, Branch branch, string x)
    {
        LowRankParts parts = ((LowRankBranch)branch).Parts;
        string product = context.Matrices.Multiply(parts.Right, context.Matrices.Multiply(parts.Left, x));
        return context.Binary("Add", x, NormNodes.Add(context, parts.Norm, product));
    }
}
