using System;
using System.Collections.Generic;

namespace EdgeRuntime.Cli.Energy;

/// <summary>What a sensor's value means.</summary>
internal enum SensorKind
{
    /// <summary>Joules since some moment, growing.</summary>
    Counter,

    /// <summary>Watts now.</summary>
    Power,
}

/// <summary>A place where a system keeps sensors for power or energy. One file for each, one line in <see cref="EnergySources"/>.</summary>
internal interface IEnergySource
{
    /// <summary>The word that chooses it on the command line.</summary>
    string Name { get; }

    /// <summary>Opens what is there, and reads it once to be sure.</summary>
    /// <param name="options">Where to look.</param>
    /// <param name="hints">Gets a line where there is something that can't be read as it is, with what to do.</param>
    /// <returns>Null where there is nothing to read.</returns>
    IEnergySensor? Open(EnergyOptions options, ICollection<string> hints);
}

/// <summary>An open sensor, or several that are read as one sum. For one caller at a time.</summary>
internal interface IEnergySensor : IDisposable
{
    /// <summary>For reports: the source and the parts that are added up.</summary>
    string Name { get; }

    SensorKind Kind { get; }

    /// <summary>How old a reading may be. A measurement that takes less says nothing.</summary>
    TimeSpan Latency { get; }

    /// <summary>How often it gave no number since it was opened and went on.</summary>
    int Failures => 0;

    /// <summary>Joules or watts, as <see cref="Kind"/> says.</summary>
    /// <exception cref="EnergySensorException">The sensor gives no number any more.</exception>
    double Read();
}

/// <summary>A sensor that fails, with one line that says why.</summary>
internal sealed class EnergySensorException(string message, Exception? inner = null) : Exception(message, inner);
