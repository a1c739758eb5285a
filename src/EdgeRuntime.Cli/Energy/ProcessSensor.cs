using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Threading;

namespace EdgeRuntime.Cli.Energy;

/// <summary>A sensor that runs a process and reads watts from its output lines. Owns the process and the reading thread.</summary>
internal sealed class ProcessSensor : IEnergySensor
{
    /// <summary>The longest wait for the first number and between two numbers.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The number of consecutive failures after which the sensor counts as broken. A tool may fail occasionally, and its last number is
    /// used instead. A tool that has never printed a number is given up at once.
    /// </summary>
    private const int MaxFailures = 5;

    private readonly Func<string, double?> _parse;
    private readonly ProcessStartInfo _start;
    private readonly TimeSpan _pause;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _changed = new();
    private readonly Lock _lock = new();
    private Process? _process;
    private double _watts;
    private int _failures;
    private long _readAt;
    private string? _problem;
    private bool _disposed;

    /// <param name="name">The name in reports.</param>
    /// <param name="program">The program to run.</param>
    /// <param name="arguments">The arguments of the program.</param>
    /// <param name="parse">Parses watts from a line; returns null if the line has none.</param>
    /// <param name="latency">The largest age of a number.</param>
    /// <param name="pause">The pause between the end of the process and its next start.</param>
    public ProcessSensor(
        string name, string program, IReadOnlyCollection<string> arguments,
        Func<string, double?> parse,
        TimeSpan latency, TimeSpan pause)
    {
        Name = name;
        Latency = latency;
        _parse = parse;
        _pause = pause;
        _start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true };
        _thread = new Thread(Run) { IsBackground = true, Name = "energy command" };
        _thread.Start();
    }

    public string Name { get; }

    public SensorKind Kind => SensorKind.Power;

    public TimeSpan Latency { get; }

    public int Failures
    {
        get
        {
            lock (_lock)
            {
                return _failures;
            }
        }
    }

    public double Read()
    {
        _changed.Wait(Patience);
        lock (_lock)
        {
            if (_problem is not null)
            {
                throw new EnergySensorException($"{Name}: {_problem}");
            }

            return _readAt != 0 && Stopwatch.GetElapsedTime(_readAt) < Patience
                ? _watts
                : throw new EnergySensorException($"{Name}: no line with a number for {Patience.TotalSeconds:F0} s");
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Kill();
        }

        _thread.Join();
        _changed.Dispose();
    }

    private void Run()
    {
        int failedInARow = 0;
        while (true)
        {
            string? problem = RunProcess();
            lock (_lock)
            {
                failedInARow = problem is null ? 0 : failedInARow + 1;
                if (_disposed || failedInARow == (_readAt == 0 ? 1 : MaxFailures))
                {
                    _problem = problem ?? "stopped";
                    _changed.Set();
                    return;
                }

                _failures += problem is null ? 0 : 1;
            }

            Thread.Sleep(_pause);
        }
    }

    /// <summary>Runs the process until it ends.</summary>
    /// <returns>The error of the process, or null.</returns>
    private string? RunProcess()
    {
        try
        {
            using Process? process = StartProcess();
            if (process is null)
            {
                return null;
            }

            process.StandardInput.Close();
            bool printed = Listen(process);
            process.WaitForExit();
            return process.ExitCode != 0 ? FormattableString.Invariant($"ended with exit code {process.ExitCode}")
                : printed ? null : "ended without a line that is a number of watts";
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException or IOException)
        {
            return exception.Message;
        }
        finally
        {
            lock (_lock)
            {
                _process = null;
            }
        }
    }

    /// <summary>Starts the process; returns null if this object is disposed.</summary>
    private Process? StartProcess()
    {
        lock (_lock)
        {
            return _process = _disposed ? null : Process.Start(_start);
        }
    }

    private bool Listen(Process process)
    {
        bool printed = false;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (_parse(line) is { } watts)
            {
                printed = true;
                lock (_lock)
                {
                    _watts = watts;
                    _readAt = Stopwatch.GetTimestamp();
                    _changed.Set();
                }
            }
        }

        return printed;
    }

    private void Kill()
    {
        try
        {
            _process?.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // The process has already ended.
        }
    }
}
