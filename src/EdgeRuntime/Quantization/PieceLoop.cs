using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime.Quantization;

/// <summary>Computes a tensor piece by piece on several threads. A piece has whole rows.</summary>
internal static class PieceLoop
{
    /// <summary>The weights of a piece. They fit into a core's caches.</summary>
    private const int PieceWeights = 1 << 15;

    /// <summary>The limit on the scratch of all threads together, which lowers their number for extremely long rows.</summary>
    private const long MaxScratchBytes = 256 << 20;

    /// <summary>Gets the number of rows of a piece: at least one, at most all.</summary>
    public static int RowsOfPiece(int columns, int rows) => Math.Clamp(PieceWeights / columns, 1, rows);

    /// <summary>Runs all pieces. The first failure of a piece ends the loop and is thrown as it is.</summary>
    /// <param name="pieces">The number of pieces.</param>
    /// <param name="scratchBytes">The scratch of a thread in bytes.</param>
    /// <param name="work">Computes the piece of an index.</param>
    /// <param name="threads">The largest number of threads.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Run(int pieces, long scratchBytes, Action<int> work, int threads, CancellationToken cancellationToken)
    {
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = (int)Math.Clamp(MaxScratchBytes / scratchBytes, 1, threads),
            CancellationToken = cancellationToken,
        };
        try
        {
            Parallel.For(0, pieces, options, work);
        }
        catch (AggregateException exception)
        {
            ExceptionDispatchInfo.Throw(exception.Flatten().InnerExceptions[0]);
        }
    }
}
