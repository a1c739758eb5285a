using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// The signals that end a command. The first Ctrl-C cancels what was armed; one more, one with nothing armed, SIGTERM and SIGHUP end the
/// process: the terminal is restored, and the exit code is 128 and the signal's number.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private static Interrupts? s_current;
    private CancellationTokenSource? _armed;

    /// <summary>Takes Ctrl-C until it is disposed.</summary>
    public Interrupts() => s_current = this;

    /// <summary>Whether the next Ctrl-C cancels something rather than ending the process.</summary>
    public bool IsArmed => Volatile.Read(ref _armed) is not null;

    /// <summary>From now on the process ends in order when a signal asks for it. To be called once, by <c>Main</c>.</summary>
    /// <returns>What keeps the signals registered.</returns>
    public static PosixSignalRegistration[] Install() =>
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
    ];

    /// <summary>From now on Ctrl-C cancels the returned token, once.</summary>
    public CancellationToken Arm()
    {
        var source = new CancellationTokenSource();
        Interlocked.Exchange(ref _armed, source)?.Dispose();
        return source.Token;
    }

    /// <summary>From now on Ctrl-C ends the process.</summary>
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
