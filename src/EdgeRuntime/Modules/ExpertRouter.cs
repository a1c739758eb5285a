using System;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Modules;

/// <summary>Chooses experts by their scores. On a tie the lower index wins. Stateless.</summary>
internal static unsafe class ExpertRouter
{
    // The smallest normal float16, which llama.cpp uses as the lower bound of the divisor.
    private const float MinSum = 6.103515625e-5f;

    /// <summary>Chooses a token's experts and their weights, best first.</summary>
    /// <param name="spec">The parameters.</param>
    /// <param name="scores">[ScoreCount]; replaced by probabilities.</param>
    /// <param name="bias">[ScoreCount], added for the choice only; may be null.</param>
    /// <param name="keys">[ScoreCount]: scratch.</param>
    /// <param name="experts">[Used]: receives the indices.</param>
    /// <param name="weights">[Used]: receives the weights.</param>
    public static void Choose(ExpertSpec spec, float* scores, float* bias, float* keys, int* experts, float* weights)
    {
        if (spec.ChoosesByScores)
        {
            new ReadOnlySpan<float>(scores, spec.ScoreCount).CopyTo(new Span<float>(keys, spec.ScoreCount));
        }

        ToProbabilities(spec, scores);
        for (int i = 0; i < spec.ScoreCount && !spec.ChoosesByScores; i++)
        {
            keys[i] = scores[i] + (bias is null ? 0 : bias[i]);
        }

        // NaN marks a key that is taken.
        for (int i = 0; i < spec.ScoreCount; i++)
        {
            keys[i] = float.IsNaN(keys[i]) ? float.NegativeInfinity : keys[i];
        }

        if (spec.Groups > 1)
        {
            MaskGroups(spec, keys);
        }

        for (int k = 0; k < spec.Used; k++)
        {
            experts[k] = TakeBest(keys, spec.ScoreCount) / spec.ScoresOfExpert;
            weights[k] = scores[experts[k]];
        }

        Weigh(spec, weights);
    }

    private static void ToProbabilities(ExpertSpec spec, float* scores)
    {
        switch (spec.Gating)
        {
            case ExpertGating.Softmax:
                Softmax(scores, spec.ScoreCount);
                break;
            case ExpertGating.Sigmoid:
                for (int i = 0; i < spec.ScoreCount; i++)
                {
                    scores[i] = 1 / (1 + LaneMath.Exp(-scores[i]));
                }

                break;
            case ExpertGating.SqrtSoftplus:
                for (int i = 0; i < spec.ScoreCount; i++)
                {
                    scores[i] = MathF.Sqrt(Softplus.Apply(LanesScalar.Broadcast(scores[i])).Value);
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
        int size = spec.ScoreCount / spec.Groups;
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

        for (int i = 0; i < spec.ScoreCount; i++)
        {
            keys[i] = stays[i / size] ? keys[i] : float.NegativeInfinity;
        }
    }

    /// <summary>Finds the index of the greatest key and removes the key, so that none is found twice.</summary>
    private static int TakeBest(float* keys, int count)
    {
        int best = 0;
        for (int i = 1; i < count; i++)
        {
            best = keys[i] > keys[best] || float.IsNaN(keys[best]) ? i : best;
        }

        keys[best] = float.NaN;
        return best;
    }

    /// <summary>Replaces scores by their softmax.</summary>
    public static void Softmax(float* x, int count)
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
