using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Handles the signals that end a command. The first Ctrl-C cancels the armed token. Another Ctrl-C, a Ctrl-C without an armed token,
/// SIGTERM and SIGHUP end the process: the terminal is restored, and the exit code is 128 plus the number of the signal.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private static Interrupts? s_current;
    private CancellationTokenSource? _armed;

    /// <summary>Handles Ctrl-C until this object is disposed.</summary>
    public Interrupts() => s_current = this;

    /// <summary>Gets whether the next Ctrl-C cancels a token instead of ending the process.</summary>
    public bool IsArmed => Volatile.Read(ref _armed) is not null;

    /// <summary>Installs handlers that end the process in order on a signal. <c>Main</c> calls it once.</summary>
    /// <returns>The registrations; keep them to keep the handlers installed.</returns>
    public static PosixSignalRegistration[] Install() =>
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
    ];

    /// <summary>Arms a token: the next Ctrl-C cancels it.</summary>
    public CancellationToken Arm()
    {
        var source = new CancellationTokenSource();
        Interlocked.Exchange(ref _armed, source)?.Dispose();
        return source.Token;
    }

    /// <summary>Disarms the token: the next Ctrl-C ends the process.</summary>
    public void Disarm() => TakeArmed()?.Dispose();

    public void Dispose()
    {
        Interlocked.CompareExchange(ref s_current, null, this);
        Disarm();
    }

    private CancellationTokenSource? TakeArmed() => Interlocked.Exchange(ref _armed, null);

    private static void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (context.Signal == PosixSignal.SIGINT && s_current?.TakeArmed() is { } armed)
        {
            armed.Cancel();
            return;
        }

        TerminalConsole.Restore();
        Environment.Exit(ErrorReport.SignalBase + context.Signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGTERM => 15,
            _ => 2,
        });
    }
}
