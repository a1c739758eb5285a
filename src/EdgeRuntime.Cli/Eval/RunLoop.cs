using System;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Computes one step of a run that can be interrupted.</summary>
/// <param name="index">The number of the step.</param>
/// <param name="cancellationToken">Cancels the step, which changes nothing then.</param>
internal delegate void RunStep(int index, CancellationToken cancellationToken);

/// <summary>Runs the steps of a long computation with a progress bar until the first Ctrl-C.</summary>
internal static class RunLoop
{
    /// <summary>Calls <paramref name="step"/> for each number from <paramref name="done"/> on.</summary>
    /// <param name="done">The number of steps that are done already.</param>
    /// <param name="count">The number of all steps.</param>
    /// <param name="label">The description of the steps for a progress bar; null for no bar.</param>
    /// <param name="step">Computes a step.</param>
    /// <param name="interrupted">Called when the run is interrupted, before the exception leaves.</param>
    /// <param name="interrupts">Cancels the run with the first Ctrl-C.</param>
    /// <exception cref="OperationCanceledException">The run was interrupted.</exception>
    public static void Run(int done, int count, string? label, RunStep step, Action interrupted, Interrupts interrupts)
    {
        CancellationToken token = interrupts.Arm();
        using ProgressBar? bar = label is null ? null : new ProgressBar(label);
        try
        {
            for (; done < count; done++)
            {
                token.ThrowIfCancellationRequested();
                bar?.Report((float)done / count);
                step(done, token);
            }
        }
        catch (OperationCanceledException)
        {
            interrupted();
            throw;
        }

        interrupts.Disarm();
    }
}
