using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Tests.Sampling;

/// <summary>The samplers as their papers and llama.cpp define them, with sorts, lists and the C library's mathematics.</summary>
internal static class ReferenceSampler
{
    public static Dictionary<int, double> Distribution(
        ReadOnlySpan<float> given, GenerationOptions o, IReadOnlyList<int> history, int contextLength)
    {
        float[] logits = given.ToArray();
        foreach ((int token, float bias) in o.LogitBias)
        {
            logits[token] += bias;
        }

        int window = o.RepeatLastTokens < 0 ? contextLength : o.RepeatLastTokens;
        foreach (IGrouping<int, int> recent in history.TakeLast(window).GroupBy(t => t))
        {
            float logit = logits[recent.Key];
            logit = logit <= 0 ? logit * o.RepeatPenalty : logit / o.RepeatPenalty;
            logits[recent.Key] = logit - (recent.Count() * o.FrequencyPenalty + o.PresencePenalty);
        }

        List<(int Id, float Logit)> sorted =
        [
            .. logits.Select((logit, id) => (id, logit))
                .Where(t => t.logit > float.NegativeInfinity)
                .OrderByDescending(t => t.logit)
                .ThenBy(t => t.id),
        ];
        if (o.Temperature <= 0)
        {
            return new() { [sorted[0].Id] = 1 };
        }

        if (o.TopK > 0)
        {
            sorted = [.. sorted.Take(Math.Max(o.TopK, o.MinKeep))];
        }

        sorted = Typical(sorted, o);
        sorted = TopP(sorted, o);
        if (o.MinP > 0)
        {
            int kept = sorted.Count(t => t.Logit >= (float)(sorted[0].Logit + Math.Log(o.MinP)));
            sorted = [.. sorted.Take(Math.Max(kept, o.MinKeep))];
        }

        sorted = [.. sorted.Select(t => (t.Id, t.Logit / o.Temperature))];
        double[] p = Probabilities(sorted);
        return sorted.Zip(p).ToDictionary(t => t.First.Id, t => t.Second);
    }

    private static double[] Probabilities(List<(int Id, float Logit)> tokens)
    {
        double best = tokens.Max(t => t.Logit);
        double sum = tokens.Sum(t => Math.Exp(t.Logit - best));
        return [.. tokens.Select(t => Math.Exp(t.Logit - best) / sum)];
    }

    private static List<(int Id, float Logit)> Typical(List<(int Id, float Logit)> sorted, GenerationOptions o)
    {
        if (o.TypicalP >= 1)
        {
            return sorted;
        }

        double[] p = Probabilities(sorted);
        double entropy = p.Sum(x => x > 0 ? -x * Math.Log(x) : 0);
        int[] order = [.. Enumerable.Range(0, p.Length).OrderBy(i => Math.Abs(-Math.Log(p[i]) - entropy))];
        double running = 0;
        int kept = 0;
        while (kept < order.Length)
        {
            running += p[order[kept++]];
            if (running > o.TypicalP && kept >= o.MinKeep)
            {
                break;
            }
        }

        return [.. order.Take(kept).Select(i => sorted[i]).OrderByDescending(t => t.Logit).ThenBy(t => t.Id)];
    }

    private static List<(int Id, float Logit)> TopP(List<(int Id, float Logit)> sorted, GenerationOptions o)
    {
        if (o.TopP >= 1)
        {
            return sorted;
        }

        double[] p = Probabilities(sorted);
        double running = 0;
        int kept = 0;
        while (kept < p.Length)
        {
            running += p[kept++];
            if (running >= o.TopP && kept >= o.MinKeep)
            {
                break;
            }
        }

        return [.. sorted.Take(kept)];
    }
}
