using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>What was used in a span of time.</summary>
/// <param name="Source">The sensor.</param>
/// <param name="Joules">Energy.</param>
/// <param name="Seconds">Time.</param>
/// <param name="ErrorJoules">How far the energy may be off by sampling and by the age of readings; the sensor's own calibration is not in it.</param>
/// <param name="Samples">Readings of the sensor.</param>
/// <param name="Failures">How often the sensor gave no number; its last one was taken instead.</param>
internal sealed record EnergyReading(string Source, double Joules, double Seconds, double ErrorJoules, int Samples, int Failures = 0)
{
    public double Watts => Joules / Seconds;

    public double ErrorWatts => ErrorJoules / Seconds;

    /// <summary>Several spans as one; their errors may all lie on one side.</summary>
    public EnergyReading Plus(EnergyReading other) => this with
    {
        Joules = Joules + other.Joules,
        Seconds = Seconds + other.Seconds,
        ErrorJoules = ErrorJoules + other.ErrorJoules,
        Samples = Samples + other.Samples,
        Failures = Failures + other.Failures,
    };

    /// <summary>What is left without the power that the device takes anyway.</summary>
    /// <param name="idle">A reading of the device at rest.</param>
    public EnergyReading Minus(EnergyReading idle) =>
        this with { Joules = Joules - (idle.Watts * Seconds), ErrorJoules = ErrorJoules + (idle.ErrorWatts * Seconds) };
}

/// <summary>A value of a sensor at a time.</summary>
/// <param name="Seconds">Since any fixed moment.</param>
/// <param name="Value">Joules or watts.</param>
internal readonly record struct EnergySample(double Seconds, double Value);

/// <summary>Samples to energy.</summary>
internal static class EnergyIntegral
{
    /// <summary>
    /// A counter: the difference of its ends; each end may be as old as the latency, at the mean power. A power: the trapezoid
    /// rule; where power stays between two neighbouring samples, a step is off by at most half their difference times its
    /// length, and these errors are independent; each end may belong to a moment one latency earlier, where power was another one.
    /// </summary>
    /// <param name="source">The sensor's name.</param>
    /// <param name="kind">What the values are.</param>
    /// <param name="latency">How old a value may be.</param>
    /// <param name="samples">At least two, in order of time.</param>
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
