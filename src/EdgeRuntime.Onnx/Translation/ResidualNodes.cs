using EdgeRuntime.Modules;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates the stages around branches.</summary>
internal static class ResidualNodes
{
    /// <summary>Adds x + after(branch(before(x))).</summary>
    public static string Add(GraphContext context, Stage stage, string x)
    {
        ResidualParts parts = ((Residual)stage).Parts;
        return context.Binary("Add", x, AddBranch(context, parts, x));
    }

    /// <summary>Adds x + first(norm(x)) + second(norm(x)).</summary>
    public static string AddParallel(GraphContext context, Stage stage, string x)
    {
        var parallel = (ParallelResidual)stage;
        string first = NormNodes.Add(context, parallel.First.Before, x);
        bool isShared = ReferenceEquals(parallel.First.Before, parallel.Second.Before);
        string second = isShared ? first : NormNodes.Add(context, parallel.Second.Before, x);
        first = ModuleTranslations.Add(context, parallel.First.Branch, first);
        second = ModuleTranslations.Add(context, parallel.Second.Branch, second);
        return context.Binary("Add", context.Binary("Add", x, second), first);
    }

    /// <summary>Adds norm(x + branch(x)), or second(x + norm(x + branch(x))).</summary>
    public static string AddPostNorm(GraphContext context, Stage stage, string x)
    {
        ResidualParts parts = ((PostNormResidual)stage).Parts;
        string sum = context.Binary("Add", x, ModuleTranslations.Add(context, parts.Branch, x));
        string normed = NormNodes.Add(context, parts.After, sum);
        return parts.Second is null ? normed : NormNodes.Add(context, parts.Second, context.Binary("Add", x, normed));
    }

    /// <summary>Adds scale * norm(x) + branch(norm(x)).</summary>
    public static string AddNormed(GraphContext context, Stage stage, string x)
    {
        var normed = (NormedResidual)stage;
        string n = NormNodes.Add(context, normed.Parts.Before, x);
        return context.Binary("Add", context.Scale(n, normed.Scale), ModuleTranslations.Add(context, normed.Parts.Branch, n));
    }

    private static string AddBranch(GraphContext context, ResidualParts parts, string x)
    {
        string result = ModuleTranslations.Add(context, parts.Branch, NormNodes.Add(context, parts.Before, x));
        return NormNodes.Add(context, parts.After, result);
    }
}
