using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>The energy used in a time span.</summary>
/// <param name="Source">The name of the sensor.</param>
/// <param name="Joules">The energy in joules.</param>
/// <param name="Seconds">The time in seconds.</param>
/// <param name="ErrorJoules">
/// The error bound from sampling and the age of readings, in joules. It does not include the calibration of the sensor.
/// </param>
/// <param name="Samples">The number of sensor readings.</param>
/// <param name="Failures">The number of times the sensor returned no value and the previous value was used.</param>
internal sealed record EnergyReading(string Source, double Joules, double Seconds, double ErrorJoules, int Samples, int Failures = 0)
{
    public double Watts => Joules / Seconds;

    public double ErrorWatts => ErrorJoules / Seconds;

    /// <summary>Adds two readings. Their errors add up, because they may have the same sign.</summary>
    public EnergyReading Plus(EnergyReading other) => this with
    {
        Joules = Joules + other.Joules,
        Seconds = Seconds + other.Seconds,
        ErrorJoules = ErrorJoules + other.ErrorJoules,
        Samples = Samples + other.Samples,
        Failures = Failures + other.Failures,
    };

    /// <summary>Subtracts the idle power of the device.</summary>
    /// <param name="idle">A reading of the idle device.</param>
    public EnergyReading Minus(EnergyReading idle) =>
        this with { Joules = Joules - (idle.Watts * Seconds), ErrorJoules = ErrorJoules + (idle.ErrorWatts * Seconds) };
}

/// <summary>A sensor value at a point in time.</summary>
/// <param name="Seconds">The time in seconds since any fixed moment.</param>
/// <param name="Value">The value in joules or watts.</param>
internal readonly record struct EnergySample(double Seconds, double Value);

/// <summary>Computes energy from samples.</summary>
internal static class EnergyIntegral
{
    /// <summary>
    /// Computes the energy and its error bound. For a counter: the difference of the ends, where each end may be as old as the latency, at
    /// the mean power. For power: the trapezoid rule. A step between two samples is off by at most half their difference times its length,
    /// and these errors are independent; each end may belong to a moment one latency earlier with a different power.
    /// </summary>
    /// <param name="source">The name of the sensor.</param>
    /// <param name="kind">The meaning of the values.</param>
    /// <param name="latency">The largest age of a value.</param>
    /// <param name="samples">At least two samples in order of time.</param>
    public static EnergyReading Compute(string source, SensorKind kind, TimeSpan latency, IReadOnlyList<EnergySample> samples)
    {
        EnergySample first = samples[0];
        EnergySample last = samples[^1];
        double seconds = last.Seconds - first.Seconds;
        double late = latency.TotalSeconds;
        if (kind == SensorKind.Counter)
        {
            double counted = last.Value - first.Value;
            return new EnergyReading(source, counted, seconds, 2 * late * counted / seconds, samples.Count);
        }

        double joules = 0;
        double squares = 0;
        double low = first.Value;
        double high = first.Value;
        for (int i = 1; i < samples.Count; i++)
        {
            double step = samples[i].Seconds - samples[i - 1].Seconds;
            double error = step * Math.Abs(samples[i].Value - samples[i - 1].Value) / 2;
            joules += step * (samples[i].Value + samples[i - 1].Value) / 2;
            squares += error * error;
            low = Math.Min(low, samples[i].Value);
            high = Math.Max(high, samples[i].Value);
        }

        return new EnergyReading(source, joules, seconds, Math.Sqrt(squares) + (late * (high - low)), samples.Count);
    }
}
