using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Ctrl-C while it lives: the first one cancels what was armed, one more, or one with nothing armed, ends the process as usual.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly PosixSignalRegistration _registration;
    private CancellationTokenSource? _armed;

    public Interrupts() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);

    /// <summary>Whether the next Ctrl-C cancels something rather than ending the process.</summary>
    public bool IsArmed => Volatile.Read(ref _armed) is not null;

    /// <summary>From now on Ctrl-C cancels the returned token, once.</summary>
    public CancellationToken Arm()
    {
        var source = new CancellationTokenSource();
        Interlocked.Exchange(ref _armed, source)?.Dispose();
        return source.Token;
    }

    /// <summary>From now on Ctrl-C ends the process.</summary>
    public void Disarm() => Interlocked.Exchange(ref _armed, null)?.Dispose();

    public void Dispose()
    {
        _registration.Dispose();
        Disarm();
    }

    private void OnInterrupt(PosixSignalContext context)
    {
        if (Interlocked.Exchange(ref _armed, null) is { } source)
        {
            context.Cancel = true;
            source.Cancel();
        }
    }
}
