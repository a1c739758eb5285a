using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>How scores of experts become probabilities.</summary>
internal enum ExpertGating
{
    /// <summary>Softmax over all experts.</summary>
    Softmax = 1,

    /// <summary>Sigmoid of each score.</summary>
    Sigmoid = 2,

    /// <summary>The scores choose; the weights are a softmax over the chosen ones.</summary>
    SoftmaxOfChosen = 3,
}

/// <summary>The parameters of a layer's experts.</summary>
internal sealed record ExpertSpec
{
    public required int Count { get; init; }

    /// <summary>Experts that a token uses.</summary>
    public required int Used { get; init; }

    /// <summary>Width inside an expert.</summary>
    public required int Width { get; init; }

    public ExpertGating Gating { get; init; } = ExpertGating.Softmax;

    /// <summary>Whether the weights of the chosen experts are divided by their sum.</summary>
    public bool Normalizes { get; init; } = true;

    /// <summary>Factor of the weights.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Groups that experts are divided into; 1 for none.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>Groups that a token may choose from.</summary>
    public int GroupsUsed { get; init; } = 1;

    /// <summary>Width inside the expert that every token uses beside the chosen ones; 0 for none.</summary>
    public int SharedWidth { get; init; }

    /// <summary>How biases and scales of the expert that every token uses go together.</summary>
    public BiasOrder SharedBiasOrder { get; init; } = BiasOrder.BeforeScale;

    /// <summary>How biases and scales of the chosen experts go together.</summary>
    public BiasOrder BiasOrder { get; init; } = BiasOrder.AfterScale;
}

/// <summary>Chooses experts by their scores. Ties go to the lower index. Free of state.</summary>
internal static unsafe class ExpertRouter
{
    // The least normal float16, by which llama.cpp bounds the divisor.
    private const float LeastSum = 6.103515625e-5f;

    /// <summary>Chooses a token's experts and their weights, best first.</summary>
    /// <param name="spec">Parameters.</param>
    /// <param name="scores">[Count]; becomes probabilities.</param>
    /// <param name="bias">[Count], added for the choice only; or null.</param>
    /// <param name="keys">[Count]: scratch.</param>
    /// <param name="experts">[Used]: gets the indices.</param>
    /// <param name="weights">[Used]: gets the weights.</param>
    public static void Choose(ExpertSpec spec, float* scores, float* bias, float* keys, int* experts, float* weights)
    {
        ToProbabilities(spec, scores);
        for (int i = 0; i < spec.Count; i++)
        {
            keys[i] = scores[i] + (bias is null ? 0 : bias[i]);
        }

        if (spec.Groups > 1)
        {
            HideGroups(spec, keys);
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
        if (spec.Gating == ExpertGating.Softmax)
        {
            Softmax(scores, spec.Count);
        }
        else if (spec.Gating == ExpertGating.Sigmoid)
        {
            for (int i = 0; i < spec.Count; i++)
            {
                scores[i] = 1 / (1 + LaneMath.Exp(-scores[i]));
            }
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

        float factor = spec.Scale / (spec.Normalizes ? Math.Max(sum, LeastSum) : 1);
        for (int k = 0; k < spec.Used; k++)
        {
            weights[k] *= factor;
        }
    }

    /// <summary>Leaves the keys of the groups whose two best experts have the greatest sums.</summary>
    private static void HideGroups(ExpertSpec spec, float* keys)
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

    /// <summary>The index of the greatest key, which is then taken out.</summary>
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
