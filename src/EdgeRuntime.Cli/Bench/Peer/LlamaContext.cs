using System;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>
/// A context of llama.cpp with a thread pool that lives as long, as its own bench has it. Its threads poll between graphs and would take
/// the other runtime's cores, hence the pause. Owns both.
/// </summary>
internal sealed class LlamaContext : IDisposable
{
    private const int ThreadPoolParamsBytes = 528; // sizeof(struct ggml_threadpool_params)

    private readonly LlamaLibrary _library;
    private readonly nint _pool;
    private nint _handle;

    /// <param name="model">The model; the caller owns it, and it must outlive this object.</param>
    /// <param name="parameters">The settings, but for the number of threads.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <exception cref="CommandException">llama.cpp refuses the settings.</exception>
    public LlamaContext(LlamaModel model, LlamaNative.ContextParams parameters, int threads)
    {
        _library = model.Library;
        parameters.Threads = parameters.BatchThreads = threads;
        _handle = LlamaNative.ContextCreate(model.Handle, parameters);
        if (_handle == 0)
        {
            throw new CommandException($"llama.cpp can't create a context: {LlamaLibrary.LastError}");
        }

        _pool = CreateThreadPool(_library, threads);
        LlamaNative.AttachThreadPool(_handle, _pool, 0);
    }

    public nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(LlamaContext));

    /// <summary>Puts the threads to sleep until the next work.</summary>
    public void Pause() => _library.PauseThreadPool(_pool);

    public void Dispose()
    {
        if (_handle != 0)
        {
            LlamaNative.ContextFree(_handle);
            _library.FreeThreadPool(_pool);
            _handle = 0;
        }
    }

    private static nint CreateThreadPool(LlamaLibrary library, int threads)
    {
        nint parameters = Marshal.AllocHGlobal(ThreadPoolParamsBytes);
        LlamaNative.ThreadPoolParamsInit(parameters, threads);
        nint pool = library.NewThreadPool(parameters);
        Marshal.FreeHGlobal(parameters);
        library.PauseThreadPool(pool);
        return pool;
    }
}
