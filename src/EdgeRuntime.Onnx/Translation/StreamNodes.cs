using EdgeRuntime.Modules;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates the stages that change every row of the residual stream by itself.</summary>
internal static class StreamNodes
{
    /// <summary>Keeps the name of the residual stream for <see cref="AddKept"/>.</summary>
    public static string Keep(GraphContext context, Stage stage, string x) => context.KeptStreams[((KeepStream)stage).Owner] = x;

    /// <summary>Adds x + factor * copy.</summary>
    public static string AddKept(GraphContext context, Stage stage, string x)
    {
        var add = (AddStream)stage;
        return context.Binary("Add", x, context.Scale(context.KeptStreams[add.Source.Owner], add.Factor));
    }

    /// <summary>Adds x + vector.</summary>
    public static string AddVector(GraphContext context, Stage stage, string x) =>
        context.Binary("Add", x, context.Table("vector", ((AddVector)stage).Vector, context.Model.Modules.Hidden));

    /// <summary>Adds norm(x).</summary>
    public static string Normalize(GraphContext context, Stage stage, string x) =>
        NormNodes.Add(context, ((StreamNorm)stage).Norm, x);

    /// <summary>Adds factor * x.</summary>
    public static string Scale(GraphContext context, Stage stage, string x) => context.Scale(x, ((ScaleStream)stage).Factor);
}
