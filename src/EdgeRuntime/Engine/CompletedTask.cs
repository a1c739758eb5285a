using System.Diagnostics;
using System.Threading.Tasks;

namespace EdgeRuntime.Engine;

/// <summary>Takes the results of synchronous calls, whose tasks are complete (<see cref="CallContext"/>).</summary>
internal static class CompletedTask
{
    /// <summary>Throws the exception of a failed call.</summary>
    public static void Complete(this ValueTask task)
    {
        Debug.Assert(task.IsCompleted, "a synchronous call has suspended");
        task.GetAwaiter().GetResult();
    }

    /// <summary>Returns the result of a call, or throws its exception.</summary>
    public static T Complete<T>(this ValueTask<T> task)
    {
        Debug.Assert(task.IsCompleted, "a synchronous call has suspended");
        return task.GetAwaiter().GetResult();
    }
}
