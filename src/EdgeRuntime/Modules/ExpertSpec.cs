using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The ways to convert the scores of experts to weights.</summary>
internal enum ExpertGating
{
    /// <summary>A softmax over all experts.</summary>
    Softmax = 1,

    /// <summary>A sigmoid of each score.</summary>
    Sigmoid = 2,

    /// <summary>Experts are chosen by their scores; the weights are a softmax over the chosen ones.</summary>
    SoftmaxOfChosen = 3,

    /// <summary>The square root of the softplus function of each score.</summary>
    SqrtSoftplus = 4,
}

/// <summary>The parameters of a layer's experts.</summary>
internal sealed record ExpertSpec
{
    public required int Count { get; init; }

    /// <summary>Gets the number of experts per token.</summary>
    public required int Used { get; init; }

    /// <summary>Gets the inner width of an expert.</summary>
    public required int Width { get; init; }

    public ExpertGating Gating { get; init; } = ExpertGating.Softmax;

    /// <summary>Gets whether the weights of the chosen experts are divided by their sum.</summary>
    public bool Normalizes { get; init; } = true;

    /// <summary>Gets the factor of the weights.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Gets whether experts are chosen by their scores, and not by the probabilities that the gating makes of them.</summary>
    public bool ChoosesByScores { get; init; }

    /// <summary>
    /// Gets the number of scores of the router that choose an expert. The weight of an expert comes from the score with its index.
    /// </summary>
    public int ScoresOfExpert { get; init; } = 1;

    /// <summary>Gets the number of scores of the router.</summary>
    public int ScoreCount => Count * ScoresOfExpert;

    /// <summary>Gets the end of the names of the experts' tensors.</summary>
    public string Suffix { get; init; } = "_exps";

    /// <summary>Gets whether experts and the shared expert have gates; if not, the activation function is that of up.</summary>
    public bool HasGate { get; init; } = true;

    /// <summary>Gets the width of the router's input, if another one than that of the experts.</summary>
    public int? RouterWidth { get; init; }

    /// <summary>Gets the factor of the scores.</summary>
    public float RouterScale { get; init; } = 1;

    /// <summary>Gets the order of the bias and the scale of the router.</summary>
    public BiasOrder RouterBiasOrder { get; init; } = BiasOrder.AfterScale;

    /// <summary>Gets whether weights multiply the input of an expert instead of its result.</summary>
    public bool WeighsInput { get; init; }

    /// <summary>Gets the limits of the chosen experts.</summary>
    public GateLimit Limit { get; init; }

    /// <summary>Gets the limits of the shared expert.</summary>
    public GateLimit SharedLimit { get; init; }

    /// <summary>Gets the end of the names of the shared expert's tensors.</summary>
    public string SharedSuffix { get; init; } = "_shexp";

    /// <summary>Gets the number of groups of experts; 1 for none.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Gets the number of groups that a token may choose from.</summary>
    public int GroupsUsed { get; init; } = 1;

    /// <summary>Gets the inner width of the shared expert, which every token uses in addition to the chosen ones; 0 for none.</summary>
    public int SharedWidth { get; init; }

    /// <summary>Gets whether the shared expert has the rows of its gate and of up in one matrix.</summary>
    public bool SharedHasFusedGate { get; init; }

    /// <summary>Gets the order of biases and scales in the shared expert.</summary>
    public BiasOrder SharedBiasOrder { get; init; } = BiasOrder.BeforeScale;

    /// <summary>Gets the order of biases and scales in the chosen experts.</summary>
    public BiasOrder BiasOrder { get; init; } = BiasOrder.AfterScale;

    /// <summary>Creates the shared expert; null if there is none.</summary>
    /// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="activation">The activation function of the gate.</param>
    public FeedForward? CreateShared(string prefix, int hidden, Activation activation) => SharedWidth == 0
        ? null
        : new FeedForward(prefix, hidden, SharedWidth, activation, HasGate)
        {
            Suffix = SharedSuffix,
            Limit = SharedLimit,
            HasFusedGate = SharedHasFusedGate,
            BiasOrder = SharedBiasOrder,
        };
}
