using System;

namespace EdgeRuntime.Sampling;

/// <summary>Tokens with their probabilities: what a sampler draws from. Reused from token to token; grows when it must.</summary>
internal sealed class Distribution
{
    private int[] _ids = new int[64];
    private double[] _probabilities = new double[64];

    /// <summary>Number of tokens.</summary>
    public int Count { get; private set; }

    /// <summary>Token ids, [Count], in no particular order.</summary>
    public Span<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Their probabilities, [Count]; they add up to 1.</summary>
    public Span<double> Probabilities => _probabilities.AsSpan(0, Count);

    /// <summary>Makes room for <paramref name="count"/> tokens; what was in it is lost.</summary>
    public void Resize(int count)
    {
        if (_ids.Length < count)
        {
            _ids = new int[Math.Max(count, 2 * _ids.Length)];
            _probabilities = new double[_ids.Length];
        }

        Count = count;
    }

    /// <summary>Probability of a token; 0 where it is not in.</summary>
    public double Of(int token)
    {
        int index = Ids.IndexOf(token);
        return index < 0 ? 0 : _probabilities[index];
    }

    /// <summary>The token at which the running sum of probabilities passes <paramref name="mark"/>.</summary>
    public int TokenAt(double mark)
    {
        double running = 0;
        int last = Ids[0];
        for (int i = 0; i < Count; i++)
        {
            running += _probabilities[i];
            if (_probabilities[i] > 0)
            {
                last = _ids[i];
                if (running > mark)
                {
                    break;
                }
            }
        }

        return last;
    }
}
