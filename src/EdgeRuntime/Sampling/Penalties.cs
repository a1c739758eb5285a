using System;

namespace EdgeRuntime.Sampling;

/// <summary>
/// Makes recent tokens, including those of the prompt, less likely. A positive logit is divided by the repetition penalty, any other is
/// multiplied by it; then <c>count * frequency + presence</c> is subtracted.
/// </summary>
/// <remarks>Formulas and window follow llama.cpp's <c>llama_sampler_penalties</c> (repetition penalty: CTRL, arXiv 1909.05858).</remarks>
internal sealed class Penalties : SamplingStep
{
    private readonly float _repeat, _presence, _frequency;
    private readonly int[] _counts; // [vocabulary]: occurrences in the window
    private readonly int[] _recent; // a ring buffer with the tokens of the window
    private int _length, _next;

    public Penalties(float repeat, float presence, float frequency, int window, int vocabularySize)
    {
        _repeat = repeat;
        _presence = presence;
        _frequency = frequency;
        _counts = new int[vocabularySize];
        _recent = new int[window];
    }

    public override void Apply(Candidates candidates)
    {
        Span<float> logits = candidates.Logits;
        ReadOnlySpan<int> recent = _recent.AsSpan(0, _length);
        foreach (int token in recent)
        {
            int count = _counts[token];
            if (count > 0)
            {
                logits[token] = Penalize(logits[token], count);
                _counts[token] = -count; // marks the token as done: it is in the window once per occurrence
            }
        }

        foreach (int token in recent)
        {
            _counts[token] = Math.Abs(_counts[token]);
        }
    }

    /// <summary>Penalizes a logit. The result stays in the finite range, except that minus infinity is kept.</summary>
    private float Penalize(float logit, int count)
    {
        if (float.IsNegativeInfinity(logit))
        {
            return logit;
        }

        logit = logit <= 0 ? logit * _repeat : logit / _repeat;
        logit = Math.Clamp(logit, float.MinValue, float.MaxValue);
        return Math.Clamp(logit - (count * _frequency + _presence), float.MinValue, float.MaxValue);
    }

    public override void Reset(ReadOnlySpan<int> tokens)
    {
        Array.Clear(_counts);
        _length = _next = 0;
        foreach (int token in tokens[Math.Max(0, tokens.Length - _recent.Length)..])
        {
            Accept(token);
        }
    }

    public override void Accept(int token)
    {
        if (_length == _recent.Length)
        {
            _counts[_recent[_next]]--;
        }
        else
        {
            _length++;
        }

        _recent[_next] = token;
        _counts[token]++;
        _next = (_next + 1) % _recent.Length;
    }
}
