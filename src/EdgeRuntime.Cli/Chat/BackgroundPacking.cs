using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime.Cli.Chat;

/// <summary>
/// Packs the weights that a quick start has not packed, while the user reads the greeting and types. An answer that is requested
/// meanwhile waits. Owns the task; stops it when disposed.
/// </summary>
internal sealed class BackgroundPacking : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _packing;

    public BackgroundPacking(LanguageModel model) => _packing = Task.Run(() => Pack(model));

    public void Dispose()
    {
        _stop.Cancel();
        _packing.GetAwaiter().GetResult();
        _stop.Dispose();
    }

    private void Pack(LanguageModel model)
    {
        try
        {
            model.PackWeights(_stop.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ModelFormatException or IOException)
        {
            // The answer that needs these weights reports the error.
        }
    }
}
