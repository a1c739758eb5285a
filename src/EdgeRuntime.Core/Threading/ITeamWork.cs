namespace EdgeRuntime.Threading;

/// <summary>
/// Defines the work that every thread of a <see cref="WorkerPool"/> runs. All threads run the same code with different indices.
/// </summary>
internal interface ITeamWork
{
    /// <param name="team">The pool, with the barrier and the work counter that the threads share.</param>
    /// <param name="thread">The index of the thread: 0 for the caller, 1 to Threads - 1 for the workers.</param>
    void Run(WorkerPool team, int thread);
}
