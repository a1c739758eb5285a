using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Threading;

namespace EdgeRuntime.Cli.Energy;

/// <summary>A process whose lines hold watts. Owns the process and a thread that reads its lines.</summary>
internal sealed class ProcessSensor : IEnergySensor
{
    /// <summary>A program may need this long to its first number, and no longer between two.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Func<string, double?> _parse;
    private readonly ProcessStartInfo _start;
    private readonly TimeSpan _pause;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _changed = new();
    private readonly Lock _lock = new();
    private Process? _process;
    private double _watts;
    private long _readAt;
    private string? _problem;
    private bool _disposed;

    /// <param name="name">For reports.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="parse">Watts of a line, or null where it has none.</param>
    /// <param name="latency">How old the numbers may be.</param>
    /// <param name="pause">Time between the end of the process and its next start.</param>
    public ProcessSensor(string name, string program, IReadOnlyCollection<string> arguments, Func<string, double?> parse, TimeSpan latency, TimeSpan pause)
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
        while (true)
        {
            try
            {
                Process process;
                lock (_lock)
                {
                    if (_disposed)
                    {
                        return;
                    }

                    process = Process.Start(_start)!;
                    _process = process;
                }

                process.StandardInput.Close();
                bool printed = Listen(process);
                process.WaitForExit();
                string? problem = process.ExitCode != 0 ? FormattableString.Invariant($"ended with exit code {process.ExitCode}")
                    : printed ? null : "ended without a line that is a number of watts";
                lock (_lock)
                {
                    _process = null;
                    process.Dispose();
                    if (_disposed || problem is not null)
                    {
                        Fail(problem);
                        return;
                    }
                }
            }
            catch (Exception exception) when (exception is Win32Exception or InvalidOperationException or System.IO.IOException)
            {
                lock (_lock)
                {
                    Fail(exception.Message);
                    return;
                }
            }

            Thread.Sleep(_pause);
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

    private void Fail(string? problem)
    {
        _problem = problem ?? "stopped";
        _changed.Set();
    }

    private void Kill()
    {
        try
        {
            _process?.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself.
        }
    }
}
