namespace EdgeRuntime.Threading;

/// <summary>What every thread of a <see cref="WorkerPool"/> runs: the same code, told apart by its index.</summary>
internal interface ITeamWork
{
    /// <param name="team">The barrier and the work counter that the threads share.</param>
    /// <param name="thread">0 for the caller, then 1 to Threads - 1.</param>
    void Run(WorkerPool team, int thread);
}
