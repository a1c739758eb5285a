using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Measures the energy of spans of time with the first sensor that can be read. A thread of its own takes samples while a
/// measurement runs; both ends are sampled by the caller. Where there is no sensor, every reading is null and
/// <see cref="Status"/> says so. Owns sensor and thread; for one caller at a time.
/// </summary>
internal sealed class EnergyMeter : IDisposable
{
    /// <summary>What a report shows instead of numbers.</summary>
    public const string NoSensor = "no energy sensor";

    /// <summary>Counters need samples only to see them wrap, which takes minutes.</summary>
    private static readonly TimeSpan CounterInterval = TimeSpan.FromSeconds(1);

    /// <summary>A counter that stands still for so many of its latencies counts nothing.</summary>
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

    /// <param name="sensor">Becomes this object's; null for none.</param>
    /// <param name="interval">Time from sample to sample of a power sensor.</param>
    /// <param name="hints">What could be read if something were changed.</param>
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

    /// <summary>Whether there is a sensor.</summary>
    public bool HasSensor => _sensor is not null;

    /// <summary>The sensor's name, or "no energy sensor".</summary>
    public string Source => _sensor?.Name ?? NoSensor;

    /// <summary>What could be read if something were changed; one line each.</summary>
    public IReadOnlyList<string> Hints { get; }

    /// <summary>The sensor, or that there is none and why; or what went wrong with the last measurement.</summary>
    public string Status => _problem ?? (HasSensor || Hints.Count == 0 ? Source : $"{NoSensor} ({string.Join("; ", Hints)})");

    /// <summary>A span of idleness long enough for the sensor.</summary>
    public TimeSpan IdleTime => _sensor is { } sensor && 4 * sensor.Latency > TimeSpan.FromSeconds(2) ? 4 * sensor.Latency : TimeSpan.FromSeconds(2);

    /// <summary>Opens the first sensor that can be read.</summary>
    /// <param name="options">Where to look.</param>
    /// <param name="sources">Null for all.</param>
    public static EnergyMeter Detect(EnergyOptions options, IReadOnlyList<IEnergySource>? sources = null)
    {
        var hints = new List<string>();

        // A command that was given is wanted: another sensor in its place would answer another question.
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

    /// <summary>Begins a measurement.</summary>
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

    /// <summary>Ends it.</summary>
    /// <returns>Null where there is no sensor, it failed, or the time was too short for it: <see cref="Status"/> has the reason.</returns>
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
            _problem = WhyNot(_sensor, reading);
            return _problem is null ? reading : null;
        }
    }

    /// <summary>Why a reading says nothing, or null where it does.</summary>
    private static string? WhyNot(IEnergySensor sensor, EnergyReading reading)
    {
        double late = sensor.Latency.TotalSeconds;
        if (reading.Seconds < late)
        {
            return FormattableString.Invariant($"{reading.Seconds:F3} s are too short for {sensor.Name}, which may be {late} s late");
        }

        // Virtual machines show counters that nobody feeds.
        return sensor.Kind == SensorKind.Counter && reading.Joules <= 0 && reading.Seconds > DeadAfter * late
            ? FormattableString.Invariant($"{sensor.Name} did not move in {reading.Seconds:F3} s")
            : null;
    }

    /// <summary>Measures an action.</summary>
    /// <returns>As <see cref="Stop"/>.</returns>
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

    /// <summary>Measures while this process sleeps.</summary>
    /// <returns>As <see cref="Stop"/>.</returns>
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

    /// <summary>Under the lock. The time is the middle of the reading, which takes a millisecond on an I2C bus.</summary>
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
