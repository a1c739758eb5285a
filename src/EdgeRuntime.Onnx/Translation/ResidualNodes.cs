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

    /// <summary>Adds the scores of experts of x, the mixer, and then the experts.</summary>
    public static string AddEarlyRouter(GraphContext context, Stage stage, string x)
    {
        EarlyRouterParts parts = ((EarlyRouter)stage).Parts;
        context.EarlyScores[parts.Experts] = ExpertNodes.Score(context, parts.Experts, x);
        return Add(context, parts.FeedForward, ModuleTranslations.Add(context, parts.Mixer, x));
    }

    /// <summary>Adds x + norm(norm(dense(norm(x))) + norm(experts(norm(x)))).</summary>
    public static string AddDenseBesideExperts(GraphContext context, Stage stage, string x)
    {
        (FeedForward dense, Experts experts, DenseAndExpertNorms norms) = ((DenseBesideExperts)stage).Parts;
        context.EarlyScores[experts] = ExpertNodes.Score(context, experts, NormNodes.Add(context, norms.Router, x));
        string first = FeedForwardNodes.Add(context, dense, NormNodes.Add(context, norms.BeforeDense, x));
        string second = ExpertNodes.Add(context, experts, NormNodes.Add(context, norms.BeforeExperts, x));
        string sum = context.Binary(
            "Add", NormNodes.Add(context, norms.AfterDense, first), NormNodes.Add(context, norms.AfterExperts, second));
        return context.Binary("Add", x, NormNodes.Add(context, norms.After, sum));
    }

    /// <summary>Adds scale * (stages(x) + branch(norm(x))).</summary>
    public static string AddSideBranch(GraphContext context, Stage stage, string x)
    {
        var side = (SideBranch)stage;
        string result = ModuleTranslations.Add(context, side.Parts.Branch, NormNodes.Add(context, side.Parts.Norm, x));
        foreach (Stage inner in side.Parts.Stages)
        {
            x = ModuleTranslations.Add(context, inner, x);
        }

        return context.Scale(context.Binary("Add", x, result), side.Scale);
    }

    private static string AddBranch(GraphContext context, ResidualParts parts, string x)
    {
        string result = ModuleTranslations.Add(context, parts.Branch, NormNodes.Add(context, parts.Before, x));
        return NormNodes.Add(context, parts.After, result);
    }
}
