using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// The translations of modules to nodes. To add one: a file beside this one, and its line here. A model with a module that is not listed is
/// refused.
/// </summary>
internal static class ModuleTranslations
{
    private delegate string BranchTranslation(GraphContext context, Branch branch, string x);

    private delegate string StageTranslation(GraphContext context, Stage stage, string x);

    private static readonly Dictionary<Type, BranchTranslation> s_branches = new()
    {
        [typeof(Attention)] = AttentionNodes.Add,
        [typeof(ChunkedExperts)] = ExpertNodes.AddChunked,
        [typeof(DeltaAttention)] = DeltaRuleNodes.AddAttention,
        [typeof(Experts)] = ExpertNodes.Add,
        [typeof(ExpandedLatentAttention)] = LatentAttentionNodes.AddExpanded,
        [typeof(FeedForward)] = FeedForwardNodes.Add,
        [typeof(GatedDeltaNet)] = DeltaRuleNodes.AddNet,
        [typeof(LatentAttention)] = LatentAttentionNodes.AddAbsorbed,
        [typeof(LatentExperts)] = ExpertNodes.AddLatent,
        [typeof(LayerInput)] = LayerInputNodes.AddInput,
        [typeof(LightningAttention)] = LightningAttentionNodes.Add,
        [typeof(LinearBranch)] = BranchNodes.AddLinear,
        [typeof(LowRankBranch)] = BranchNodes.AddLowRank,
        [typeof(Mamba)] = StateSpaceNodes.AddMamba,
        [typeof(Mamba2)] = StateSpaceNodes.AddMamba2,
        [typeof(ShortConvolution)] = ConvolutionNodes.AddShort,
    };

    private static readonly Dictionary<Type, StageTranslation> s_stages = new()
    {
        [typeof(AddStream)] = StreamNodes.AddKept,
        [typeof(AddVector)] = StreamNodes.AddVector,
        [typeof(AlternatingUpdate)] = AlternatingNodes.Update,
        [typeof(DenseBesideExperts)] = ResidualNodes.AddDenseBesideExperts,
        [typeof(EarlyRouter)] = ResidualNodes.AddEarlyRouter,
        [typeof(Embedding)] = static (context, stage, _) => EdgeNodes.AddEmbedding(context, (Embedding)stage),
        [typeof(EndOfAlternatingStreams)] = AlternatingNodes.End,
        [typeof(EndOfStreams)] = HyperConnectionNodes.End,
        [typeof(Head)] = static (context, stage, x) => EdgeNodes.AddHead(context, (Head)stage, x),
        [typeof(HyperConnection)] = HyperConnectionNodes.Add,
        [typeof(KeepStream)] = StreamNodes.Keep,
        [typeof(LayerInputs)] = LayerInputNodes.AddInputs,
        [typeof(MixedResidual)] = ResidualMixNodes.Add,
        [typeof(MixStream)] = ResidualMixNodes.AddMix,
        [typeof(NormedResidual)] = ResidualNodes.AddNormed,
        [typeof(ParallelResidual)] = ResidualNodes.AddParallel,
        [typeof(PostNormResidual)] = ResidualNodes.AddPostNorm,
        [typeof(Residual)] = ResidualNodes.Add,
        [typeof(ScaleStream)] = StreamNodes.Scale,
        [typeof(SideBranch)] = ResidualNodes.AddSideBranch,
        [typeof(StartOfAlternatingStreams)] = AlternatingNodes.Start,
        [typeof(StartOfStreams)] = HyperConnectionNodes.Start,
        [typeof(StreamNorm)] = StreamNodes.Normalize,
    };

    /// <summary>Gets the names of the modules that have a translation.</summary>
    public static IEnumerable<string> Names => s_stages.Keys.Concat(s_branches.Keys).Select(static type => type.Name).Order();

    /// <summary>Adds the nodes of a stage.</summary>
    /// <param name="context">The context.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="x">[batch, tokens, hidden]: the residual stream; empty before the first stage.</param>
    /// <returns>The residual stream after the stage, or the logits after the last one.</returns>
    /// <exception cref="UnsupportedModelException">The stage or a part of it has no translation.</exception>
    public static string Add(GraphContext context, Stage stage, string x)
    {
        context.Graph.BeginScope(stage.Prefix ?? stage.Kind);
        return s_stages.TryGetValue(stage.GetType(), out StageTranslation? translation)
            ? translation(context, stage, x)
            : throw context.Model.Refuse(stage.Prefix, $"the module {stage.GetType().Name}");
    }

    /// <summary>Adds the nodes of a branch.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    /// <exception cref="UnsupportedModelException">The branch or a part of it has no translation.</exception>
    public static string Add(GraphContext context, Branch branch, string x) =>
        s_branches.TryGetValue(branch.GetType(), out BranchTranslation? translation)
            ? translation(context, branch, x)
            : throw context.Model.Refuse(branch.Prefix, $"the module {branch.GetType().Name}");
}
