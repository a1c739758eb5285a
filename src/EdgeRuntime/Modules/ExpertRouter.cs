using System;
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

    /// <summary>
    /// Gets the limit L of the chosen experts before their activation: gates up to L, and up from -L to L; 0 for none.
    /// </summary>
    public float Limit { get; init; }

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
}

/// <summary>Chooses experts by their scores. On a tie the lower index wins. Stateless.</summary>
internal static unsafe class ExpertRouter
{
    // The smallest normal float16, which llama.cpp uses as the lower bound of the divisor.
    private const float MinSum = 6.103515625e-5f;

    /// <summary>Chooses a token's experts and their weights, best first.</summary>
    /// <param name="spec">The parameters.</param>
    /// <param name="scores">[Count]; replaced by probabilities.</param>
    /// <param name="bias">[Count], added for the choice only; may be null.</param>
    /// <param name="keys">[Count]: scratch.</param>
    /// <param name="experts">[Used]: receives the indices.</param>
    /// <param name="weights">[Used]: receives the weights.</param>
    public static void Choose(ExpertSpec spec, float* scores, float* bias, float* keys, int* experts, float* weights)
    {
        ToProbabilities(spec, scores);
        for (int i = 0; i < spec.Count; i++)
        {
            keys[i] = scores[i] + (bias is null ? 0 : bias[i]);
        }

        if (spec.Groups > 1)
        {
            MaskGroups(spec, keys);
        }

        for (int k = 0; k < spec.Used; k++)
        {
            experts[k] = TakeBest(keys, spec.Count);
            weights[k] = scores[experts[k]];
        }

        Weigh(spec, weights);
    }

    private static void ToProbabilities(ExpertSpec spec, float* scores)
    {
        switch (spec.Gating)
        {
            case ExpertGating.Softmax:
                Softmax(scores, spec.Count);
                break;
            case ExpertGating.Sigmoid:
                for (int i = 0; i < spec.Count; i++)
                {
                    scores[i] = 1 / (1 + LaneMath.Exp(-scores[i]));
                }

                break;
            case ExpertGating.SqrtSoftplus:
                for (int i = 0; i < spec.Count; i++)
                {
                    scores[i] = MathF.Sqrt(Softplus(scores[i]));
                }

                break;
            default:
                break;
        }
    }

    private static void Weigh(ExpertSpec spec, float* weights)
    {
        if (spec.Gating == ExpertGating.SoftmaxOfChosen)
        {
            Softmax(weights, spec.Used);
        }

        float sum = 0;
        for (int k = 0; k < spec.Used; k++)
        {
            sum += weights[k];
        }

        float factor = spec.Scale / (spec.Normalizes ? Math.Max(sum, MinSum) : 1);
        for (int k = 0; k < spec.Used; k++)
        {
            weights[k] *= factor;
        }
    }

    /// <summary>Keeps only the keys of the groups with the greatest sums of their two best experts.</summary>
    private static void MaskGroups(ExpertSpec spec, float* keys)
    {
        int size = spec.Count / spec.Groups;
        Span<float> sums = stackalloc float[spec.Groups];
        for (int group = 0; group < spec.Groups; group++)
        {
            float first = float.NegativeInfinity;
            float second = float.NegativeInfinity;
            for (int i = group * size; i < (group + 1) * size; i++)
            {
                second = Math.Max(second, Math.Min(first, keys[i]));
                first = Math.Max(first, keys[i]);
            }

            sums[group] = first + second;
        }

        Span<bool> stays = stackalloc bool[spec.Groups];
        fixed (float* groups = sums)
        {
            for (int i = 0; i < spec.GroupsUsed; i++)
            {
                stays[TakeBest(groups, spec.Groups)] = true;
            }
        }

        for (int i = 0; i < spec.Count; i++)
        {
            keys[i] = stays[i / size] ? keys[i] : float.NegativeInfinity;
        }
    }

    /// <summary>Finds the index of the greatest key and removes the key.</summary>
    private static int TakeBest(float* keys, int count)
    {
        int best = 0;
        for (int i = 1; i < count; i++)
        {
            best = keys[i] > keys[best] ? i : best;
        }

        keys[best] = float.NegativeInfinity;
        return best;
    }

    /// <summary>ln(1 + exp(x)), exact for large x.</summary>
    private static float Softplus(float x) => x > 20 ? x : (float)Math.Log(1.0 + LaneMath.Exp(x));

    private static void Softmax(float* x, int count)
    {
        float max = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            max = Math.Max(max, x[i]);
        }

        float sum = 0;
        for (int i = 0; i < count; i++)
        {
            x[i] = LaneMath.Exp(x[i] - max);
            sum += x[i];
        }

        for (int i = 0; i < count; i++)
        {
            x[i] /= sum;
        }
    }
}
