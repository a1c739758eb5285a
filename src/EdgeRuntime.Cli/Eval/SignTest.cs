using System;

namespace EdgeRuntime.Cli.Eval;

/// <summary>
/// Compares two systems by the number of times that each is better, without ties: the exact test of the binomial distribution with equal
/// chances, for both sides. Source: W. J. Dixon, A. M. Mood, "The Statistical Sign Test", JASA 41 (1946).
/// </summary>
/// <param name="A">The number of times that A is better.</param>
/// <param name="B">The number of times that B is better.</param>
internal readonly record struct SignTest(int A, int B)
{
    /// <summary>
    /// Gets the probability that two equal systems differ by at least as much, 0 to 1; 1 if there is nothing to compare.
    /// </summary>
    public double PValue
    {
        get
        {
            int count = A + B;
            double sum = 0;
            double logarithm = -count * Math.Log(2); // of the probability of 0 successes
            for (int k = 0; k <= Math.Min(A, B); k++)
            {
                sum += Math.Exp(logarithm);
                logarithm += Math.Log(count - k) - Math.Log(k + 1);
            }

            return Math.Min(1, 2 * sum);
        }
    }
}
