using System;
using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <content>The keys of experts.</content>
internal sealed partial class ArchitectureKeys
{
    // No published model comes near; a larger number is damage.
    private const int MostExperts = 4096;

    /// <summary>The key of the width inside an expert; older families use that of a dense layer.</summary>
    public const string ExpertWidth = "expert_feed_forward_length";

    /// <summary>The layers' experts, or null where the model has none.</summary>
    /// <param name="widthKey">The key of the width inside an expert.</param>
    public ExpertSpec? Experts(string widthKey) => NotNegative("expert_count", 0) == 0 ? null : Experts(Positive(widthKey));

    /// <summary>The experts of a model that has some.</summary>
    /// <param name="width">The width inside an expert.</param>
    /// <param name="usedCount">The experts of a token, where their number differs by layer; null for the number of the file.</param>
    public ExpertSpec Experts(int width, int? usedCount = null)
    {
        int count = Positive("expert_count");
        Require(count <= MostExperts, "expert_count", $"{count}", $"at most {MostExperts}");
        int used = usedCount ?? Positive("expert_used_count");
        int groups = Math.Max(1, NotNegative("expert_group_count", 1));
        int groupsUsed = Math.Max(1, NotNegative("expert_group_used_count", 1));
        Require(used <= count, "expert_used_count", $"{used}", $"at most expert_count, {count}");
        Require(count % groups == 0, "expert_group_count", $"{groups}", $"a divisor of expert_count, {count}");
        Require(
            groups == 1 || count >= 2 * groups, "expert_group_count", $"{groups}",
            $"1, or at most half of expert_count, {count}: the best two experts rank a group");
        Require(groupsUsed <= groups, "expert_group_used_count", $"{groupsUsed}", $"at most expert_group_count, {groups}");
        int eligible = count / groups * groupsUsed;
        Require(used <= eligible, "expert_used_count", $"{used}", $"at most {eligible}, the experts of {groupsUsed} groups");
        return new ExpertSpec
        {
            Count = count,
            Used = used,
            Width = width,
            Groups = groups,
            GroupsUsed = groupsUsed,
            Scale = Factor("expert_weights_scale"),
        };
    }

    /// <summary>A layer's experts where the model has them, else its feed-forward.</summary>
    /// <param name="layer">Start of the tensor names.</param>
    /// <param name="activation">Of the gates.</param>
    /// <param name="experts">What <see cref="Experts(string)"/> gave, as the family changes it; null for a feed-forward.</param>
    /// <param name="residualScale">Factor of what is added to the residual stream.</param>
    /// <param name="order">How biases and scales of a feed-forward go together.</param>
    public Branch DenseOrExperts(
        string layer, Activation activation, ExpertSpec? experts, float residualScale = 1, BiasOrder order = BiasOrder.BeforeScale) =>
        experts is null
        ? new FeedForward(layer, Hidden, Positive("feed_forward_length"), activation) { ResidualScale = residualScale, BiasOrder = order }
        : new Experts(layer, Hidden, experts, activation) { ResidualScale = residualScale };

    /// <summary>Reads the experts of a family that always has some, and whose scales of matrices llama.cpp ignores.</summary>
    /// <param name="widthKey">The key of the width inside an expert.</param>
    public ExpertSpec RequiredExperts(string widthKey = ExpertWidth)
    {
        Require(NotNegative("expert_count", 0) > 0, "expert_count", "0 or missing", "1 or more");
        return Experts(widthKey)! with { BiasOrder = BiasOrder.NoScale, SharedBiasOrder = BiasOrder.NoScale };
    }

    /// <summary>
    /// Reads experts as <see cref="RequiredExperts"/> does. A width that a file leaves out is that of a dense layer, shared out among the
    /// experts of a token.
    /// </summary>
    public ExpertSpec RequiredExpertsOrShares()
    {
        if (NotNegative(ExpertWidth, 0) > 0)
        {
            return RequiredExperts();
        }

        ExpertSpec experts = RequiredExperts("feed_forward_length");
        int width = experts.Width / experts.Used;
        Require(width > 0, "feed_forward_length", $"{experts.Width}", $"expert_used_count, {experts.Used}, or more");
        return experts with { Width = width };
    }

    /// <summary>Weighs experts as the file says.</summary>
    /// <param name="experts">The experts.</param>
    /// <param name="fallback">The gating where the file names none; null where it must name one.</param>
    public ExpertSpec Weighed(ExpertSpec experts, ExpertGating? fallback) =>
        experts with { Gating = Gating(fallback), Normalizes = Flag("expert_weights_norm", false) };

    /// <summary>Gets how scores of experts become weights.</summary>
    /// <param name="fallback">The gating where the file names none; null where it must name one.</param>
    public ExpertGating Gating(ExpertGating? fallback)
    {
        int gating = NotNegative("expert_gating_func", 0);
        Require(
            gating <= 4 && (gating > 0 || fallback is not null), "expert_gating_func", gating == 0 ? "0 or missing" : $"{gating}",
            "1 (softmax), 2 (sigmoid), 3 (softmax of the chosen) or 4 (square root of softplus)");
        return gating == 0 ? fallback!.Value : (ExpertGating)gating;
    }

    /// <summary>Gets whether a layer has experts, in families whose keys do not say which layers do.</summary>
    public bool HasRouter(string layer) => _source.Has($"{layer}.ffn_gate_inp.weight");

    /// <summary>Gets whether a tensor is of a dense feed-forward beside experts, which llama.cpp loads and does not run.</summary>
    public bool IsBesideExperts(string tensor)
    {
        int end = tensor.IndexOf(".ffn_", StringComparison.Ordinal);
        string[] parts = [".ffn_gate.", ".ffn_up.", ".ffn_down."];
        return end > 0 && Array.Exists(parts, part => tensor.AsSpan(end).StartsWith(part)) && HasRouter(tensor[..end]);
    }

    /// <summary>Gets the norm of queries and keys of a layer, in families whose files may lack it.</summary>
    public QueryKeyNorm HeadNorm(string layer) =>
        _source.Has($"{layer}.attn_q_norm.weight") ? QueryKeyNorm.Heads : QueryKeyNorm.None;

    /// <summary>Gets the limits of the layers' gates: the file's array, where 0 means none, or its one number for all.</summary>
    public GateLimit[] GateLimits(string key, GateLimitKind kind)
    {
        // llama.cpp takes limits up to this one for none.
        const float None = 1e-6f;
        return [.. PerLayerSingle(key).Select(limit => limit > None ? new GateLimit(kind, limit) : default)];
    }

    /// <summary>Gets the inner width of the shared expert: the file's, or a family's own if the file has none or 0.</summary>
    public int SharedWidth(int fallback)
    {
        int width = NotNegative("expert_shared_feed_forward_length", 0);
        return width == 0 ? fallback : width;
    }

    /// <summary>Gets the inner width of so many shared experts side by side, which is the number of the file.</summary>
    /// <param name="width">The inner width of one.</param>
    /// <param name="fallback">The number of shared experts where the file has none.</param>
    public int SharedWidths(int width, int fallback = 0)
    {
        int count = NotNegative("expert_shared_count", fallback);
        RequireWidth("expert_shared_count", width, count);
        return width * count;
    }
}
