using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.DependencyInjection;

/// <summary>Loads a model once, when the host starts or at the first use, and owns it.</summary>
internal sealed class ModelHost(EdgeRuntimeOptions options, IModelBackend? device, ILoggerFactory? loggers) : IHostedService, IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task<LanguageModel>? _loading;
    private bool _disposed;

    /// <summary>Gets the model, or null while it is not loaded.</summary>
    public LanguageModel? Model => Loading is { IsCompletedSuccessfully: true } done ? done.Result : null;

    /// <summary>Gets why loading failed, or null.</summary>
    public Exception? Failure => Loading?.Exception?.InnerException;

    private Task<LanguageModel>? Loading => Volatile.Read(ref _loading);

    /// <summary>Gets the model and loads it first if nobody has. A failed load is repeated by the next call.</summary>
    public Task<LanguageModel> GetAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_loading is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _loading = LanguageModel.LoadAsync(
                    options.ModelPath, options.ToModelOptions(device, loggers), progress: null, _stopping.Token);
            }

            return _loading;
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) =>
        options.LoadAtStartup ? GetAsync().WaitAsync(cancellationToken) : Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _stopping.Cancel();
        // A load in progress ends soon, as it is cancelled; a model that was loaded in spite of that is freed here too.
        _loading?.ContinueWith(
            static load => load.Result.Dispose(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        _stopping.Dispose();
    }
}
