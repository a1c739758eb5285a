using System;
using System.Threading;
using System.Threading.Tasks;
using Spectre.Console;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// A progress bar on standard error while it lives; nothing at all where that is not a terminal. Reports may come from any thread.
/// </summary>
internal sealed class ProgressBar : IDisposable, IProgress<float>
{
    private readonly TaskCompletionSource _end = new();
    private readonly Task _drawing = Task.CompletedTask;
    private ProgressTask? _task;

    /// <param name="label">What goes on; shown in front of the bar.</param>
    /// <param name="bytes">Whether bytes are counted, so that a speed can be shown.</param>
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

    /// <summary>Bytes that are there, of bytes in all.</summary>
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

    /// <summary>Takes the bar off the screen.</summary>
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
