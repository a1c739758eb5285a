using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeRuntime;

/// <summary>Makes an asynchronous sequence of the method that starts its enumeration.</summary>
internal sealed class AsyncSequence<T>(Func<CancellationToken, IAsyncEnumerator<T>> enumerate) : IAsyncEnumerable<T>
{
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) => enumerate(cancellationToken);
}
