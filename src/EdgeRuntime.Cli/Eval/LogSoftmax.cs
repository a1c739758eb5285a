using System;
using System.Numerics.Tensors;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Computes the log-softmax of rows of logits. Source: llama.cpp, tools/perplexity.</summary>
/// <param name="vocabulary">The number of logits of a row.</param>
internal sealed class LogSoftmax(int vocabulary)
{
    private readonly float[] _exponentials = new float[vocabulary];

    /// <summary>Gets the exponentials of the last row, with the maximum subtracted from the logits before: [vocabulary].</summary>
    public ReadOnlySpan<float> Exponentials => _exponentials;

    /// <summary>Gets the greatest logit of the last row.</summary>
    public float Max { get; private set; }

    /// <summary>Gets the logarithm of the sum of <see cref="Exponentials"/>.</summary>
    public double LogSum { get; private set; }

    /// <summary>Reads a row.</summary>
    public void Read(ReadOnlySpan<float> logits)
    {
        Max = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, Max, _exponentials);
        TensorPrimitives.Exp<float>(_exponentials, _exponentials);
        double sum = 0;
        foreach (float exponential in _exponentials)
        {
            sum += exponential;
        }

        LogSum = Math.Log(sum);
    }

    /// <summary>Computes the negative log-likelihood of a token of the last row.</summary>
    public double Loss(ReadOnlySpan<float> logits, int token) => LogSum - ((double)logits[token] - Max);
}
