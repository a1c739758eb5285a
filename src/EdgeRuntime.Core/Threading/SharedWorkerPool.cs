using System.Collections.Generic;
using System.Threading;

namespace EdgeRuntime.Threading;

/// <summary>
/// One pool for each number of threads in the process, so that two models (one drafting for the other, say) do not make their
/// workers fight for the same cores. Pools end with their last user.
/// </summary>
internal static class SharedWorkerPool
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, (WorkerPool Pool, int Users)> Pools = [];

    /// <summary>The pool of that many threads; to be given back with <see cref="Return"/>.</summary>
    public static WorkerPool Rent(int threads)
    {
        lock (Gate)
        {
            (WorkerPool pool, int users) = Pools.TryGetValue(threads, out var entry) ? entry : (new WorkerPool(threads), 0);
            Pools[threads] = (pool, users + 1);
            return pool;
        }
    }

    /// <summary>Gives a pool back.</summary>
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
