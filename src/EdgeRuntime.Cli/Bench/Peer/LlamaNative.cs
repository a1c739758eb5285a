using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>
/// The part of llama.cpp's C interface that a comparison needs, for version 0.5.0 and a 64-bit system: structures that go by value have
/// their size and the few fields that are set here. Source: llama.h, ggml.h, ggml-backend.h and ggml-cpu.h of v0.5.0.
/// </summary>
internal static class LlamaNative
{
    /// <summary>Names that <see cref="LlamaLibrary"/> resolves to files.</summary>
    public const string Llama = "edgert-peer-llama";
    public const string Ggml = "edgert-peer-ggml";
    public const string GgmlBase = "edgert-peer-ggml-base";

    public const int FlashAttentionOff = 0;
    public const int FlashAttentionOn = 1;
    public const int LoadModeRead = 0;
    public const int LogLevelError = 4;
    public const int IntegerTag = 0;

    public delegate void LogCallback(int level, nint text, nint userData);

    public delegate nint ThreadPoolNew(nint parameters);

    public delegate void ThreadPoolAction(nint pool);

    [DllImport(Llama, EntryPoint = "llama_version")]
    public static extern nint Version();

    [DllImport(Llama, EntryPoint = "llama_log_set")]
    public static extern void LogSet(LogCallback callback, nint userData);

    [DllImport(Llama, EntryPoint = "llama_backend_init")]
    public static extern void BackendInit();

    [DllImport(Llama, EntryPoint = "llama_model_default_params")]
    public static extern ModelParams ModelDefaultParams();

    [DllImport(Llama, EntryPoint = "llama_context_default_params")]
    public static extern ContextParams ContextDefaultParams();

    [DllImport(Llama, EntryPoint = "llama_model_quantize_default_params")]
    public static extern QuantizeParams QuantizeDefaultParams();

    [DllImport(Llama, EntryPoint = "llama_model_load_from_file")]
    public static extern nint ModelLoad([MarshalAs(UnmanagedType.LPUTF8Str)] string path, ModelParams parameters);

    [DllImport(Llama, EntryPoint = "llama_model_free")]
    public static extern void ModelFree(nint model);

    [DllImport(Llama, EntryPoint = "llama_model_get_vocab")]
    public static extern nint ModelVocab(nint model);

    [DllImport(Llama, EntryPoint = "llama_vocab_n_tokens")]
    public static extern int VocabTokens(nint vocabulary);

    [DllImport(Llama, EntryPoint = "llama_init_from_model")]
    public static extern nint ContextCreate(nint model, ContextParams parameters);

    [DllImport(Llama, EntryPoint = "llama_free")]
    public static extern void ContextFree(nint context);

    [DllImport(Llama, EntryPoint = "llama_get_memory")]
    public static extern nint ContextMemory(nint context);

    [DllImport(Llama, EntryPoint = "llama_memory_seq_rm")]
    [return: MarshalAs(UnmanagedType.I1)]
    public static extern bool MemoryRemove(nint memory, int sequence, int first, int end);

    [DllImport(Llama, EntryPoint = "llama_decode")]
    public static extern int Decode(nint context, Batch batch);

    [DllImport(Llama, EntryPoint = "llama_get_embeddings_seq")]
    public static extern nint SequenceEmbedding(nint context, int sequence);

    [DllImport(Llama, EntryPoint = "llama_model_n_embd_out")]
    public static extern int ModelEmbeddingSize(nint model);

    [DllImport(Llama, EntryPoint = "llama_memory_clear")]
    public static extern void MemoryClear(nint memory, [MarshalAs(UnmanagedType.I1)] bool clearsData);

    [DllImport(Llama, EntryPoint = "llama_synchronize")]
    public static extern void Synchronize(nint context);

    [DllImport(Llama, EntryPoint = "llama_attach_threadpool")]
    public static extern void AttachThreadPool(nint context, nint pool, nint batchPool);

    [DllImport(Llama, EntryPoint = "llama_model_quantize")]
    public static extern uint Quantize(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string input,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string output,
        in QuantizeParams parameters);

    [DllImport(Llama, EntryPoint = "llama_ftype_name")]
    public static extern nint FileTypeName(int type);

    [DllImport(Ggml, EntryPoint = "ggml_backend_load")]
    public static extern nint BackendLoad([MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [DllImport(Ggml, EntryPoint = "ggml_backend_load_all_from_path")]
    public static extern void BackendLoadAll([MarshalAs(UnmanagedType.LPUTF8Str)] string folder);

    [DllImport(GgmlBase, EntryPoint = "ggml_threadpool_params_init")]
    public static extern void ThreadPoolParamsInit(nint parameters, int threads);

    /// <summary>struct llama_model_params.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    public struct ModelParams
    {
        [FieldOffset(16)]
        public int GpuLayers;
        [FieldOffset(24)]
        public int LoadMode;
        [FieldOffset(74)]
        public byte UseExtraBufferTypes;
    }

    /// <summary>struct llama_context_params.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 160)]
    public struct ContextParams
    {
        [FieldOffset(0)]
        public uint Context;
        [FieldOffset(4)]
        public uint Batch;
        [FieldOffset(8)]
        public uint MicroBatch;
        [FieldOffset(12)]
        public uint Sequences;
        [FieldOffset(28)]
        public int Threads;
        [FieldOffset(32)]
        public int BatchThreads;
        [FieldOffset(52)]
        public int FlashAttention;
        [FieldOffset(104)]
        public int KeyType;
        [FieldOffset(108)]
        public int ValueType;
        [FieldOffset(128)]
        public byte Embeddings;
        [FieldOffset(133)]
        public byte SharesCache;
    }

    /// <summary>struct llama_batch; positions and sequences that are null are those that come next of sequence 0.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 56)]
    public struct Batch
    {
        [FieldOffset(0)]
        public int Tokens;
        [FieldOffset(8)]
        public nint Ids;
        [FieldOffset(24)]
        public nint Positions;
        [FieldOffset(32)]
        public nint SequenceCounts;
        [FieldOffset(40)]
        public nint SequenceLists;
        [FieldOffset(48)]
        public nint WantsLogits;
    }

    /// <summary>struct llama_model_quantize_params.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    public struct QuantizeParams
    {
        [FieldOffset(0)]
        public int Threads;
        [FieldOffset(4)]
        public int FileType;
        [FieldOffset(8)]
        public int OutputType;
        [FieldOffset(12)]
        public int EmbeddingType;
        [FieldOffset(16)]
        public byte AllowRequantize;
        [FieldOffset(24)]
        public nint ImportanceEntries;
        [FieldOffset(32)]
        public nint Keys;
        [FieldOffset(40)]
        public nint TensorTypes;
    }

    /// <summary>struct llama_model_imatrix_data.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ImportanceEntry
    {
        public nint Name;
        public nint Values;
        public nuint Count;
    }

    /// <summary>struct llama_model_tensor_override.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TensorTypeOverride
    {
        public nint Pattern;
        public int Type;
    }

    /// <summary>struct llama_model_kv_override.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 264)]
    public struct KeyOverride
    {
        [FieldOffset(0)]
        public int Tag;
        [FieldOffset(4)]
        public KeyText Key;
        [FieldOffset(136)]
        public long Integer;
    }

    /// <summary>A key that ends with a zero.</summary>
    [InlineArray(128)]
    public struct KeyText
    {
        private byte _first;
    }
}
