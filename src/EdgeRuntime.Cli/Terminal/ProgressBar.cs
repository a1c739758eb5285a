using System;
using System.Threading;
using System.Threading.Tasks;
using Spectre.Console;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// Shows a progress bar on standard error until it is disposed; shows nothing if standard error is not a terminal. Thread-safe.
/// </summary>
internal sealed class ProgressBar : IDisposable, IProgress<float>
{
    private readonly TaskCompletionSource _end = new();
    private readonly Task _drawing = Task.CompletedTask;
    private ProgressTask? _task;

    /// <param name="label">The description of the activity, shown before the bar.</param>
    /// <param name="bytes">Whether progress is in bytes, so that a speed can be shown.</param>
    public ProgressBar(string label, bool bytes = false)
    {
        var error = new StandardError();
        if (error.IsTerminal)
        {
            var drawn = new ManualResetEventSlim();
            _drawing = Task.Run(() => DrawAsync(new TerminalConsole(error), label, bytes, drawn));
            drawn.Wait();
            drawn.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Report(float value)
    {
        if (_task is not null)
        {
            _task.Value = value * _task.MaxValue;
        }
    }

    /// <summary>Reports the number of present bytes and the total.</summary>
    public void Report(long done, long? total)
    {
        if (_task is null)
        {
            return;
        }

        _task.IsIndeterminate = total is null;
        _task.MaxValue = total ?? Math.Max(done, 1);
        _task.Value = done;
    }

    /// <summary>Removes the bar from the screen.</summary>
    public void Dispose()
    {
        _end.TrySetResult();
        _drawing.GetAwaiter().GetResult();
    }

    private Task DrawAsync(TerminalConsole console, string label, bool bytes, ManualResetEventSlim drawn)
    {
        ProgressColumn[] columns = [new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn()];
        return console.Progress()
            .AutoClear(true)
            .Columns(bytes ? [.. columns, new TransferSpeedColumn(), new RemainingTimeColumn()] : columns)
            .StartAsync(async context =>
            {
                _task = context.AddTask(Markup.Escape(label));
                context.Refresh();
                drawn.Set();
                await _end.Task.ConfigureAwait(false);
            });
    }
}
