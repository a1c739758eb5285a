using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// Estimates the divergence that a tensor causes in a type from the error of the type on its weights. For small errors the divergence is
/// proportional to the weighted squared error; measured types of the same tensor show how it goes on.
/// </summary>
/// <param name="anchors">The error and the divergence of each measured type, both positive; none if every type is exact.</param>
internal sealed class DivergenceCurve(IEnumerable<(double Error, double Divergence)> anchors)
{
    private readonly (double Error, double Divergence)[] _anchors = [.. anchors.OrderBy(static anchor => anchor.Error)];

    /// <summary>Estimates the divergence for an error: by a power of the error between two anchors, in proportion elsewhere.</summary>
    public double Estimate(double error)
    {
        if (_anchors.Length == 0)
        {
            return 0; // all types store the weights exactly
        }

        int above = Array.FindIndex(_anchors, anchor => anchor.Error >= error);
        (double Error, double Divergence) high = _anchors[above < 0 ? ^1 : above];
        if (above <= 0)
        {
            return high.Divergence * error / high.Error;
        }

        (double Error, double Divergence) low = _anchors[above - 1];
        double place = high.Error > low.Error ? Math.Log(error / low.Error) / Math.Log(high.Error / low.Error) : 1;
        return low.Divergence * Math.Pow(high.Divergence / low.Divergence, place);
    }
}
