using System;

namespace EdgeRuntime.Sampling;

/// <summary>Tokens with probabilities, from which a sampler draws. It is reused for each token and grows on demand.</summary>
internal sealed class Distribution
{
    private int[] _ids = new int[64];
    private double[] _probabilities = new double[64];

    /// <summary>Gets the number of tokens.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the token ids, [Count], in no particular order.</summary>
    public Span<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Gets the probabilities of the tokens, [Count]. They sum to 1.</summary>
    public Span<double> Probabilities => _probabilities.AsSpan(0, Count);

    /// <summary>Resizes to <paramref name="count"/> tokens and discards the content.</summary>
    public void Resize(int count)
    {
        if (_ids.Length < count)
        {
            _ids = new int[Math.Max(count, 2 * _ids.Length)];
            _probabilities = new double[_ids.Length];
        }

        Count = count;
    }

    /// <summary>Gets the probability of a token; 0 if it is not in the distribution.</summary>
    public double Of(int token)
    {
        int index = Ids.IndexOf(token);
        return index < 0 ? 0 : _probabilities[index];
    }

    /// <summary>Finds the token at which the running sum of probabilities exceeds <paramref name="mark"/>.</summary>
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
