using System;
using System.Buffers.Binary;
using System.IO;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Tests.Models;

/// <summary>Reference logits of one prompt, [tokens, vocabulary].</summary>
internal sealed record LogitsFile(int[] Tokens, int Vocabulary, float[] Logits)
{
    public static LogitsFile Read(string path)
    {
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes) != 0x4C474552)
        {
            throw new InvalidDataException($"{path} holds no logits");
        }

        int tokens = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        int vocabulary = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        return new LogitsFile(
            MemoryMarshal.Cast<byte, int>(bytes.Slice(16, tokens * 4)).ToArray(),
            vocabulary,
            MemoryMarshal.Cast<byte, float>(bytes.Slice(16 + (tokens * 4), tokens * vocabulary * 4)).ToArray());
    }

    /// <summary>Sum of squared differences over the sum of squares.</summary>
    public double NormalizedError(ReadOnlySpan<float> actual)
    {
        double error = 0;
        double power = 0;
        for (int i = 0; i < Logits.Length; i++)
        {
            double difference = Logits[i] - actual[i];
            error += difference * difference;
            power += (double)Logits[i] * Logits[i];
        }

        return error / power;
    }

    /// <summary>KL divergence of the actual distribution from this one at each position.</summary>
    public double[] Divergences(ReadOnlySpan<float> actual)
    {
        double[] divergences = new double[Tokens.Length];
        for (int position = 0; position < Tokens.Length; position++)
        {
            ReadOnlySpan<float> p = Logits.AsSpan(position * Vocabulary, Vocabulary);
            ReadOnlySpan<float> q = actual.Slice(position * Vocabulary, Vocabulary);
            double logP = LogSum(p);
            double logQ = LogSum(q);
            for (int i = 0; i < Vocabulary; i++)
            {
                double lp = p[i] - logP;
                divergences[position] += Math.Exp(lp) * (lp - (q[i] - logQ));
            }
        }

        return divergences;
    }

    private static double LogSum(ReadOnlySpan<float> logits)
    {
        double max = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            max = Math.Max(max, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum);
    }
}
