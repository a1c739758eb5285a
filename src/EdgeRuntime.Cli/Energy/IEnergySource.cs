using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>The meaning of sensor values.</summary>
internal enum SensorKind
{
    /// <summary>Joules since some moment, increasing.</summary>
    Counter,

    /// <summary>Present power in watts.</summary>
    Power,
}

/// <summary>Defines a kind of power or energy sensor of a system. Each has a file and a line in <see cref="EnergySources"/>.</summary>
internal interface IEnergySource
{
    /// <summary>Gets the name that selects the source on the command line.</summary>
    string Name { get; }

    /// <summary>Opens the sensor and reads it once to verify that it works.</summary>
    /// <param name="options">The measurement options.</param>
    /// <param name="hints">Receives a line for a sensor that exists but cannot be read, with advice.</param>
    /// <returns>The sensor, or null if there is none to read.</returns>
    IEnergySensor? Open(EnergyOptions options, ICollection<string> hints);
}

/// <summary>Defines an open sensor, or several that are read as one sum. For one caller at a time.</summary>
internal interface IEnergySensor : IDisposable
{
    /// <summary>Gets the name in reports: the source and the parts that are added up.</summary>
    string Name { get; }

    SensorKind Kind { get; }

    /// <summary>Gets the largest age of a reading. Shorter measurements are meaningless.</summary>
    TimeSpan Latency { get; }

    /// <summary>Gets the number of times that the sensor returned no value since it was opened.</summary>
    int Failures => 0;

    /// <summary>Reads joules or watts, depending on <see cref="Kind"/>.</summary>
    /// <exception cref="EnergySensorException">The sensor does not return values any more.</exception>
    double Read();
}

/// <summary>The exception that is thrown when a sensor fails. The message is one line.</summary>
internal sealed class EnergySensorException(string message, Exception? inner = null) : Exception(message, inner);
