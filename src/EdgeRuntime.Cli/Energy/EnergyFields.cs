using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>The energy fields of reports.</summary>
internal static class EnergyFields
{
    /// <summary>
    /// Gets the fields. energy_source is always present. With a reading, the others are joules and watts as measured, then without the idle
    /// power of the device, each with its error.
    /// </summary>
    /// <param name="status">The reason if there is no reading.</param>
    /// <param name="run">The reading of all timed runs of a test together, or null.</param>
    /// <param name="idle">The reading of the idle device, or null.</param>
    /// <param name="tokens">The number of tokens of all runs together.</param>
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

    /// <summary>Rounds to four significant digits; no sensor is more precise.</summary>
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
