using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>What reports say of a measurement's energy.</summary>
internal static class EnergyFields
{
    /// <summary>
    /// energy_source always; the rest only where there is a reading: joules and watts as measured, then without what the idle
    /// device takes, each with its error.
    /// </summary>
    /// <param name="status">Why there is no reading.</param>
    /// <param name="run">All timed runs of a test together, or null.</param>
    /// <param name="idle">The device at rest, or null.</param>
    /// <param name="tokens">Tokens of all runs together.</param>
    public static IEnumerable<KeyValuePair<string, object>> Of(string status, EnergyReading? run, EnergyReading? idle, long tokens)
    {
        yield return new("energy_source", run?.Source ?? status);
        if (run is null)
        {
            yield break;
        }

        yield return new("energy_j_per_token", Rounded(run.Joules / tokens));
        yield return new("energy_error_j_per_token", Rounded(run.ErrorJoules / tokens));
        yield return new("energy_watts", Rounded(run.Watts));
        if (idle is not null)
        {
            EnergyReading net = run.Minus(idle);
            yield return new("energy_idle_watts", Rounded(idle.Watts));
            yield return new("energy_net_j_per_token", Rounded(net.Joules / tokens));
            yield return new("energy_net_error_j_per_token", Rounded(net.ErrorJoules / tokens));
            yield return new("energy_net_watts", Rounded(net.Watts));
        }

        yield return new("energy_samples", run.Samples);
        if (run.Failures > 0)
        {
            yield return new("energy_failures", run.Failures);
        }
    }

    /// <summary>Four digits that count: no sensor has more.</summary>
    private static double Rounded(double value)
    {
        if (value == 0 || !double.IsFinite(value))
        {
            return value;
        }

        int digits = 3 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return Math.Round(value, Math.Clamp(digits, 0, 15));
    }
}
