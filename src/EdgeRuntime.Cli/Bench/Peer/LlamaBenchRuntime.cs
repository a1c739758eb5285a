using System;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>A model that llama.cpp has loaded, its weights repacked where it has kernels for that. Owns it.</summary>
internal sealed class LlamaModel : IDisposable
{
    private nint _handle;

    /// <param name="library">llama.cpp.</param>
    /// <param name="path">The file.</param>
    /// <param name="mapsFile">Whether the file is mapped, as llama.cpp's tools do by default, or read.</param>
    /// <exception cref="CommandException">llama.cpp refuses the file; the message gives its reason.</exception>
    public LlamaModel(LlamaLibrary library, string path, bool mapsFile)
    {
        Library = library;
        LlamaNative.ModelParams parameters = LlamaNative.ModelDefaultParams();
        if (!mapsFile)
        {
            parameters.LoadMode = LlamaNative.LoadModeRead;
        }

        _handle = LlamaNative.ModelLoad(path, parameters);
        if (_handle == 0)
        {
            throw new CommandException($"{path}: llama.cpp can't load it: {LlamaLibrary.LastError}");
        }
    }

    public LlamaLibrary Library { get; }

    public nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(LlamaModel));

    public int VocabularySize => LlamaNative.VocabTokens(LlamaNative.ModelVocab(Handle));

    public void Dispose()
    {
        if (_handle != 0)
        {
            LlamaNative.ModelFree(_handle);
            _handle = 0;
        }
    }
}

/// <summary>
/// llama.cpp, to be measured: with a thread pool that lives as long as the context, as its own bench has it. Its threads poll between
/// graphs and would take the other runtime's cores, hence the pause. Owns its context and pool.
/// </summary>
internal sealed class LlamaBenchRuntime : IBenchRuntime
{
    private const int ThreadPoolParamsBytes = 528; // sizeof(struct ggml_threadpool_params)

    private readonly LlamaModel _model;
    private readonly nint _ids;
    private readonly nint _wantsLogits;
    private readonly nint _pool;
    private nint _context;

    /// <param name="model">The model; the caller owns it, and it must outlive this object.</param>
    /// <param name="positions">Capacity of the KV cache.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="kvTypes">Types of the KV cache.</param>
    /// <param name="flashAttention">Whether flash attention is on.</param>
    /// <exception cref="CommandException">llama.cpp refuses the settings.</exception>
    public LlamaBenchRuntime(LlamaModel model, int positions, int threads, KvTypes kvTypes, bool flashAttention)
    {
        _model = model;
        LlamaNative.ContextParams parameters = LlamaNative.ContextDefaultParams();
        parameters.Context = (uint)positions;
        parameters.Batch = parameters.MicroBatch = BenchOptions.BatchTokens;
        parameters.Threads = parameters.BatchThreads = threads;
        parameters.FlashAttention = flashAttention ? LlamaNative.FlashAttentionOn : LlamaNative.FlashAttentionOff;
        parameters.KeyType = TypeNumber(kvTypes.Keys);
        parameters.ValueType = TypeNumber(kvTypes.Values);
        _context = LlamaNative.ContextCreate(model.Handle, parameters);
        if (_context == 0)
        {
            throw new CommandException($"llama.cpp can't create a context: {LlamaLibrary.LastError}");
        }

        _pool = CreateThreadPool(model.Library, threads);
        LlamaNative.AttachThreadPool(_context, _pool, 0);
        _ids = Marshal.AllocHGlobal(BenchOptions.BatchTokens * sizeof(int));
        _wantsLogits = Marshal.AllocHGlobal(BenchOptions.BatchTokens);
        Marshal.Copy(new byte[BenchOptions.BatchTokens], 0, _wantsLogits, BenchOptions.BatchTokens);
    }

    public int VocabularySize => _model.VocabularySize;

    public int Length { get; private set; }

    public void Pause() => _model.Library.PauseThreadPool(_pool);

    public void Rewind(int length)
    {
        if (!LlamaNative.MemoryRemove(LlamaNative.ContextMemory(_context), 0, length, -1))
        {
            throw new CommandException($"llama.cpp can't rewind its context to {length}");
        }

        Length = length;
    }

    public void Append(ReadOnlySpan<int> tokens)
    {
        while (!tokens.IsEmpty)
        {
            ReadOnlySpan<int> part = tokens[..Math.Min(tokens.Length, BenchOptions.BatchTokens)];
            tokens = tokens[part.Length..];
            Decode(part, wantsLogits: tokens.IsEmpty);
        }

        LlamaNative.Synchronize(_context);
    }

    public void Dispose()
    {
        if (_context == 0)
        {
            return;
        }

        LlamaNative.ContextFree(_context);
        _model.Library.FreeThreadPool(_pool);
        _context = 0;
        Marshal.FreeHGlobal(_ids);
        Marshal.FreeHGlobal(_wantsLogits);
    }

    /// <summary>Gets ggml's number of a type, which GGUF files use too.</summary>
    private static int TypeNumber(KvCacheType type) => (int)Enum.Parse<TensorType>(type.ToString());

    private static nint CreateThreadPool(LlamaLibrary library, int threads)
    {
        nint parameters = Marshal.AllocHGlobal(ThreadPoolParamsBytes);
        LlamaNative.ThreadPoolParamsInit(parameters, threads);
        nint pool = library.NewThreadPool(parameters);
        Marshal.FreeHGlobal(parameters);
        library.PauseThreadPool(pool);
        return pool;
    }

    private void Decode(ReadOnlySpan<int> tokens, bool wantsLogits)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            Marshal.WriteInt32(_ids, i * sizeof(int), tokens[i]);
        }

        Marshal.WriteByte(_wantsLogits, tokens.Length - 1, wantsLogits ? (byte)1 : (byte)0);
        int result = LlamaNative.Decode(_context, new LlamaNative.Batch { Tokens = tokens.Length, Ids = _ids, WantsLogits = _wantsLogits });
        Marshal.WriteByte(_wantsLogits, tokens.Length - 1, 0);
        if (result != 0)
        {
            throw new CommandException(
                $"llama.cpp can't decode {tokens.Length} tokens at position {Length} (code {result}): {LlamaLibrary.LastError}");
        }

        Length += tokens.Length;
    }
}
