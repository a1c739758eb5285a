using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime.Cli.Downloads;

/// <summary>
/// Reads the body of a response and enforces at least <see cref="DownloadLimits.MinimumProgress"/> per time window. Owns the stream.
/// </summary>
internal sealed class PacedBody : IDisposable
{
    private readonly Stream _source;
    private readonly DownloadLimits _limits;
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _window;
    private long _inWindow;

    public PacedBody(Stream source, DownloadLimits limits, CancellationToken cancellationToken)
    {
        _source = source;
        _limits = limits;
        _cancellationToken = cancellationToken;
        _window = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _window.CancelAfter(limits.Window);
    }

    /// <summary>Reads at least <paramref name="minimum"/> bytes, or fewer at the end of the body.</summary>
    /// <exception cref="TimeoutException">The server is too slow.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, int minimum)
    {
        int count;
        try
        {
            count = await _source.ReadAtLeastAsync(buffer, minimum, throwOnEndOfStream: false, _window.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"fewer than {_limits.MinimumProgress} bytes came within {_limits.Window.TotalSeconds} s");
        }

        _inWindow += count;
        if (_inWindow >= _limits.MinimumProgress)
        {
            _inWindow = 0;
            _window.CancelAfter(_limits.Window);
        }

        return count;
    }

    public void Dispose()
    {
        _window.Dispose();
        _source.Dispose();
    }
}
