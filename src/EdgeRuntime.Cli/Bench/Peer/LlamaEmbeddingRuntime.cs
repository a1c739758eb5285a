using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>
/// llama.cpp, to be measured with embeddings: texts are packed into batches without padding, each one a sequence, as its example
/// <c>embedding</c> does. Owns its context.
/// </summary>
internal sealed class LlamaEmbeddingRuntime : IEmbeddingRuntime
{
    private const int MostSequences = 128; // more than texts of five tokens fit into a batch

    private readonly LlamaModel _model;
    private readonly LlamaContext _context;
    private readonly int _size;
    private readonly int[] _ids = new int[BenchOptions.BatchTokens];
    private readonly int[] _positions = new int[BenchOptions.BatchTokens];
    private readonly int[] _sequenceCounts = new int[BenchOptions.BatchTokens];
    private readonly nint[] _sequenceLists = new nint[BenchOptions.BatchTokens];
    private readonly byte[] _wantsOutput = new byte[BenchOptions.BatchTokens];
    private readonly nint _sequences;
    private bool _isDisposed;

    /// <param name="model">The model; the caller owns it, and it must outlive this object.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="flashAttention">Whether flash attention is on.</param>
    /// <exception cref="CommandException">llama.cpp refuses the settings.</exception>
    public LlamaEmbeddingRuntime(LlamaModel model, int threads, bool flashAttention)
    {
        _model = model;
        LlamaNative.ContextParams parameters = LlamaNative.ContextDefaultParams();
        parameters.Context = parameters.Batch = parameters.MicroBatch = BenchOptions.BatchTokens;
        parameters.Sequences = MostSequences;
        parameters.SharesCache = 1;
        parameters.Embeddings = 1;
        parameters.FlashAttention = flashAttention ? LlamaNative.FlashAttentionOn : LlamaNative.FlashAttentionOff;
        _context = new LlamaContext(model, parameters, threads);
        _size = LlamaNative.ModelEmbeddingSize(model.Handle);
        _sequences = Marshal.AllocHGlobal(MostSequences * sizeof(int));
        for (int i = 0; i < MostSequences; i++)
        {
            Marshal.WriteInt32(_sequences, i * sizeof(int), i);
        }

        Array.Fill(_sequenceCounts, 1);
        Array.Fill(_wantsOutput, (byte)1);
    }

    public int VocabularySize => _model.VocabularySize;

    public void Pause() => _context.Pause();

    public IReadOnlyList<ReadOnlyMemory<float>> Embed(IReadOnlyList<ReadOnlyMemory<int>> texts)
    {
        var results = new ReadOnlyMemory<float>[texts.Count];
        for (int first = 0, end; first < texts.Count; first = end)
        {
            int rows = 0;
            for (end = first; end < texts.Count && end - first < MostSequences; end++)
            {
                ReadOnlySpan<int> text = texts[end].Span;
                if (rows + text.Length > BenchOptions.BatchTokens)
                {
                    break;
                }

                AddText(text, rows, end - first);
                rows += text.Length;
            }

            Run(rows);
            for (int i = first; i < end; i++)
            {
                results[i] = ReadEmbedding(i - first);
            }
        }

        return results;
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _context.Dispose();
            Marshal.FreeHGlobal(_sequences);
        }
    }

    private void AddText(ReadOnlySpan<int> text, int row, int sequence)
    {
        text.CopyTo(_ids.AsSpan(row));
        for (int i = 0; i < text.Length; i++)
        {
            _positions[row + i] = i;
            _sequenceLists[row + i] = _sequences + (sequence * sizeof(int));
        }
    }

    private unsafe void Run(int rows)
    {
        nint memory = LlamaNative.ContextMemory(_context.Handle);
        if (memory != 0)
        {
            LlamaNative.MemoryClear(memory, clearsData: false);
        }

        fixed (int* ids = _ids, positions = _positions, counts = _sequenceCounts)
        fixed (nint* lists = _sequenceLists)
        fixed (byte* wantsOutput = _wantsOutput)
        {
            int result = LlamaNative.Decode(_context.Handle, new LlamaNative.Batch
            {
                Tokens = rows,
                Ids = (nint)ids,
                Positions = (nint)positions,
                SequenceCounts = (nint)counts,
                SequenceLists = (nint)lists,
                WantsLogits = (nint)wantsOutput,
            });
            if (result != 0)
            {
                throw new CommandException($"llama.cpp can't embed {rows} tokens (code {result}): {LlamaLibrary.LastError}");
            }
        }

        LlamaNative.Synchronize(_context.Handle);
    }

    private float[] ReadEmbedding(int sequence)
    {
        nint values = LlamaNative.SequenceEmbedding(_context.Handle, sequence);
        if (values == 0)
        {
            throw new CommandException("llama.cpp has no embedding for a whole text: the model has no pooling");
        }

        float[] embedding = new float[_size];
        Marshal.Copy(values, embedding, 0, _size);
        return embedding;
    }
}
