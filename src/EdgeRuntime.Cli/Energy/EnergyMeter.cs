using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Measures the energy of time spans with the first sensor that can be read. A thread takes samples during a measurement; the caller takes
/// the first and the last. Without a sensor every reading is null, and <see cref="Status"/> has the reason. Owns the sensor and the thread.
/// For one caller at a time.
/// </summary>
internal sealed class EnergyMeter : IDisposable
{
    /// <summary>The text in reports if there is no sensor.</summary>
    public const string NoSensor = "no energy sensor";

    /// <summary>The sampling interval of counters. Samples are needed only to detect wraparound, which takes minutes.</summary>
    private static readonly TimeSpan CounterInterval = TimeSpan.FromSeconds(1);

    /// <summary>The number of latencies after which an unchanged counter counts as dead.</summary>
    private const int DeadAfter = 10;

    private readonly IEnergySensor? _sensor;
    private readonly TimeSpan _interval;
    private readonly Thread? _thread;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _running = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly List<EnergySample> _samples = [];
    private bool _measuring;
    private int _failuresBefore;
    private string? _problem;

    /// <param name="sensor">The sensor, which this object takes over; null for none.</param>
    /// <param name="interval">The time between samples of a power sensor.</param>
    /// <param name="hints">Hints on making more sensors readable.</param>
    public EnergyMeter(IEnergySensor? sensor, TimeSpan interval, IReadOnlyList<string>? hints = null)
    {
        _sensor = sensor;
        Hints = hints ?? [];
        if (sensor is not null)
        {
            _interval = sensor.Kind == SensorKind.Counter && interval < CounterInterval ? CounterInterval : interval;
            _thread = new Thread(Sample) { IsBackground = true, Name = "energy", Priority = ThreadPriority.AboveNormal };
            _thread.Start();
        }
    }

    /// <summary>Gets whether there is a sensor.</summary>
    public bool HasSensor => _sensor is not null;

    /// <summary>Gets the name of the sensor, or "no energy sensor".</summary>
    public string Source => _sensor?.Name ?? NoSensor;

    /// <summary>Gets hints on making more sensors readable, one line each.</summary>
    public IReadOnlyList<string> Hints { get; }

    /// <summary>Gets the name of the sensor, or why there is none, or the error of the last measurement.</summary>
    public string Status => _problem ?? (HasSensor || Hints.Count == 0 ? Source : $"{NoSensor} ({string.Join("; ", Hints)})");

    /// <summary>Gets the duration of an idle measurement, long enough for the sensor.</summary>
    public TimeSpan IdleTime =>
        _sensor is { } sensor && 4 * sensor.Latency > TimeSpan.FromSeconds(2) ? 4 * sensor.Latency : TimeSpan.FromSeconds(2);

    /// <summary>Opens the first sensor that can be read.</summary>
    /// <param name="options">The measurement options.</param>
    /// <param name="sources">The sources to try; null for all.</param>
    public static EnergyMeter Detect(EnergyOptions options, IReadOnlyList<IEnergySource>? sources = null)
    {
        var hints = new List<string>();

        // If a command was given, use no other sensor in its place: it would measure something else.
        string? only = options.Source ?? (options.Command is null ? null : EnergySources.All[0].Name);
        foreach (IEnergySource source in (sources ?? EnergySources.All).Where(source => only is null || source.Name == only))
        {
            if (source.Open(options, hints) is { } sensor)
            {
                return new EnergyMeter(sensor, options.Interval);
            }
        }

        return new EnergyMeter(null, options.Interval, hints);
    }

    /// <summary>Starts a measurement.</summary>
    public void Start()
    {
        if (_sensor is null)
        {
            return;
        }

        lock (_lock)
        {
            _samples.Clear();
            _problem = null;
            _measuring = true;
            _failuresBefore = _sensor.Failures;
            TakeSample();
        }

        _running.Set();
    }

    /// <summary>Ends the measurement.</summary>
    /// <returns>
    /// The reading. Null if there is no sensor, if it failed, or if the time was too short for it; <see cref="Status"/> has the reason.
    /// </returns>
    public EnergyReading? Stop()
    {
        if (_sensor is null)
        {
            return null;
        }

        _running.Reset();
        lock (_lock)
        {
            TakeSample();
            _measuring = false;
            if (_problem is not null)
            {
                return null;
            }

            EnergyReading reading = EnergyIntegral.Compute(_sensor.Name, _sensor.Kind, _sensor.Latency, _samples);
            reading = reading with { Failures = _sensor.Failures - _failuresBefore };
            _problem = FindProblem(_sensor, reading);
            return _problem is null ? reading : null;
        }
    }

    /// <summary>Gets the reason why a reading is unusable, or null if it is usable.</summary>
    private static string? FindProblem(IEnergySensor sensor, EnergyReading reading)
    {
        double late = sensor.Latency.TotalSeconds;
        if (reading.Seconds < late)
        {
            return FormattableString.Invariant($"{reading.Seconds:F3} s are too short for {sensor.Name}, which may be {late} s late");
        }

        // Virtual machines have counters that never change.
        return sensor.Kind == SensorKind.Counter && reading.Joules <= 0 && reading.Seconds > DeadAfter * late
            ? FormattableString.Invariant($"{sensor.Name} did not move in {reading.Seconds:F3} s")
            : null;
    }

    /// <summary>Measures an action.</summary>
    /// <returns>The reading; see <see cref="Stop"/>.</returns>
    public EnergyReading? Measure(Action action)
    {
        Start();
        try
        {
            action();
        }
        catch
        {
            Stop();
            throw;
        }

        return Stop();
    }

    /// <summary>Measures the idle device while this process sleeps.</summary>
    /// <returns>The reading; see <see cref="Stop"/>.</returns>
    public EnergyReading? MeasureIdle() => HasSensor ? Measure(() => Thread.Sleep(IdleTime)) : null;

    public void Dispose()
    {
        _stop.Set();
        _running.Set();
        _thread?.Join();
        _sensor?.Dispose();
        _stop.Dispose();
        _running.Dispose();
    }

    private void Sample()
    {
        while (true)
        {
            _running.Wait();
            if (_stop.Wait(_interval))
            {
                return;
            }

            lock (_lock)
            {
                if (_measuring)
                {
                    TakeSample();
                }
            }
        }
    }

    /// <summary>Takes a sample under the lock. Its time is the middle of the reading, which takes a millisecond on an I2C bus.</summary>
    private void TakeSample()
    {
        if (_problem is not null)
        {
            return;
        }

        try
        {
            long before = Stopwatch.GetTimestamp();
            double value = _sensor!.Read();
            long after = Stopwatch.GetTimestamp();
            double time = (before + ((after - before) / 2)) / (double)Stopwatch.Frequency;
            if (_samples.Count == 0 || time > _samples[^1].Seconds)
            {
                _samples.Add(new EnergySample(time, value));
            }
        }
        catch (EnergySensorException exception)
        {
            _problem = exception.Message;
        }
    }
}
