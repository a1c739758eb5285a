using System.Collections.Generic;
using System.Threading;

namespace EdgeRuntime.Threading;

/// <summary>
/// Shares one pool per thread count within the process, so that the workers of two models (a target and its draft, for example) do not
/// compete for the same cores. A pool is disposed with its last user.
/// </summary>
internal static class SharedWorkerPool
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, (WorkerPool Pool, int Users)> Pools = [];

    /// <summary>Rents the pool with a number of threads. Give it back with <see cref="Return"/>.</summary>
    public static WorkerPool Rent(int threads)
    {
        lock (Gate)
        {
            (WorkerPool pool, int users) = Pools.TryGetValue(threads, out var entry) ? entry : (new WorkerPool(threads), 0);
            Pools[threads] = (pool, users + 1);
            return pool;
        }
    }

    /// <summary>Returns a rented pool.</summary>
    public static void Return(WorkerPool pool)
    {
        lock (Gate)
        {
            int users = Pools[pool.Threads].Users - 1;
            if (users > 0)
            {
                Pools[pool.Threads] = (pool, users);
                return;
            }

            Pools.Remove(pool.Threads);
        }

        pool.Dispose();
    }
}
