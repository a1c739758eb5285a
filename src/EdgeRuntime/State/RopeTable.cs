using System;

namespace EdgeRuntime.State;

/// <summary>
/// Computes the cosines and sines of positions. Angles are computed in double precision, so that late positions are as exact as the first
/// ones. Immutable.
/// </summary>
internal sealed class RopeTable
{
    private readonly double[] _frequencies;
    private readonly double _magnitude;

    /// <param name="spec">The model's rope.</param>
    /// <param name="contextLength">The capacity of the state, which selects the factors of longrope.</param>
    public RopeTable(RopeSpec spec, int contextLength)
    {
        int pairs = spec.Dimensions / 2;
        float[]? factors = spec.FactorsFor(contextLength);
        (double low, double high) = CorrectionRange(spec);
        _frequencies = new double[pairs];
        for (int i = 0; i < pairs; i++)
        {
            double extrapolated = Math.Pow(spec.Base, -2.0 * i / spec.Dimensions) / (factors?[i] ?? 1);
            double interpolated = spec.FrequencyScale * extrapolated;
            double mix = spec.ExtrapolationFactor * Ramp(low, high, i);
            _frequencies[i] = (interpolated * (1 - mix)) + (extrapolated * mix);
        }

        _magnitude = spec.Magnitude * (spec.ExtrapolationFactor == 0 ? 1 : 1 + (0.1 * Math.Log(1 / spec.FrequencyScale)));
    }

    /// <summary>Gets the number of pairs of elements that rotate.</summary>
    public int Pairs => _frequencies.Length;

    /// <summary>Computes the rotation of one position.</summary>
    /// <param name="position">The position in the sequence.</param>
    /// <param name="cos">[Pairs].</param>
    /// <param name="sin">[Pairs].</param>
    public void Fill(int position, Span<float> cos, Span<float> sin)
    {
        for (int i = 0; i < _frequencies.Length; i++)
        {
            (double s, double c) = Math.SinCos(position * _frequencies[i]);
            cos[i] = (float)(c * _magnitude);
            sin[i] = (float)(s * _magnitude);
        }
    }

    /// <summary>Computes the rotation by <paramref name="delta"/> positions, without the magnitude, which keys already contain.</summary>
    public void FillDelta(int delta, Span<float> cos, Span<float> sin)
    {
        for (int i = 0; i < _frequencies.Length; i++)
        {
            (double s, double c) = Math.SinCos(delta * _frequencies[i]);
            cos[i] = (float)c;
            sin[i] = (float)s;
        }
    }

    private static (double Low, double High) CorrectionRange(RopeSpec spec)
    {
        double Dimension(double rotations) =>
            spec.Dimensions * Math.Log(spec.OriginalContextLength / (rotations * 2 * Math.PI)) / (2 * Math.Log(spec.Base));

        return (Math.Max(0, Math.Floor(Dimension(spec.BetaFast))), Math.Min(spec.Dimensions - 1, Math.Ceiling(Dimension(spec.BetaSlow))));
    }

    private static double Ramp(double low, double high, int pair) =>
        1 - Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
}
