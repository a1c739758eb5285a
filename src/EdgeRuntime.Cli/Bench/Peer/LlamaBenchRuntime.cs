using System;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>llama.cpp, to be measured with one sequence. Owns its context.</summary>
internal sealed class LlamaBenchRuntime : IBenchRuntime
{
    private readonly LlamaModel _model;
    private readonly nint _ids;
    private readonly nint _wantsLogits;
    private readonly LlamaContext _context;
    private bool _isDisposed;

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
        parameters.FlashAttention = flashAttention ? LlamaNative.FlashAttentionOn : LlamaNative.FlashAttentionOff;
        parameters.KeyType = TypeNumber(kvTypes.Keys);
        parameters.ValueType = TypeNumber(kvTypes.Values);
        _context = new LlamaContext(model, parameters, threads);
        _ids = Marshal.AllocHGlobal(BenchOptions.BatchTokens * sizeof(int));
        _wantsLogits = Marshal.AllocHGlobal(BenchOptions.BatchTokens);
        Marshal.Copy(new byte[BenchOptions.BatchTokens], 0, _wantsLogits, BenchOptions.BatchTokens);
    }

    public int VocabularySize => _model.VocabularySize;

    public int Length { get; private set; }

    public void Pause() => _context.Pause();

    public void Rewind(int length)
    {
        if (!LlamaNative.MemoryRemove(LlamaNative.ContextMemory(_context.Handle), 0, length, -1))
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

        LlamaNative.Synchronize(_context.Handle);
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _context.Dispose();
        Marshal.FreeHGlobal(_ids);
        Marshal.FreeHGlobal(_wantsLogits);
    }

    /// <summary>Gets ggml's number of a type, which GGUF files use too.</summary>
    private static int TypeNumber(KvCacheType type) => (int)Enum.Parse<TensorType>(type.ToString());

    private void Decode(ReadOnlySpan<int> tokens, bool wantsLogits)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            Marshal.WriteInt32(_ids, i * sizeof(int), tokens[i]);
        }

        Marshal.WriteByte(_wantsLogits, tokens.Length - 1, wantsLogits ? (byte)1 : (byte)0);
        int result = LlamaNative.Decode(
            _context.Handle, new LlamaNative.Batch { Tokens = tokens.Length, Ids = _ids, WantsLogits = _wantsLogits });
        Marshal.WriteByte(_wantsLogits, tokens.Length - 1, 0);
        if (result != 0)
        {
            throw new CommandException(
                $"llama.cpp can't decode {tokens.Length} tokens at position {Length} (code {result}): {LlamaLibrary.LastError}");
        }

        Length += tokens.Length;
    }
}
