using System;
using System.Threading;
using EdgeRuntime.Embeddings;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Scheduling;
using EdgeRuntime.State;
using EdgeRuntime.Tuning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime;

/// <summary>Represents a loaded language model: its weights, tokenizer and chat template.</summary>
/// <remarks>
/// <para>A model is immutable and safe to use from many threads, and any number of sessions share it. The model owns its file and weights,
/// which live until the model and all its sessions are disposed.</para>
/// <para>Sessions that compute at the same time share forward passes: answers of several sessions are decoded together, and a long prompt
/// of one is computed in parts while others decode. The results are the same as those of each session alone.</para>
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// using ModelSession session = model.CreateSession();
/// Console.WriteLine(session.Generate("Name a colour.", new() { MaxTokens = 16 }).Complete().Text);
/// </code>
/// </example>
public sealed partial class LanguageModel : IDisposable
{
    private readonly ModelOptions _options;
    private readonly IEngine _engine;
    private readonly PairFormat _pairs;
    private int _disposed;

    private LanguageModel(string path, string architecture, ModelOptions options, IEngine engine, ModelText text)
    {
        Path = path;
        Architecture = architecture;
        _options = options;
        _engine = engine;
        Scheduler = new BatchScheduler(engine);
        Tokenizer = text.Tokenizer ?? new MissingTokenizer(engine.VocabularySize, text.TokenizerProblem!);
        ChatTemplate = text.ChatTemplate;
        _pairs = text.Pairs;
        Logger = CreateLogger(options);
    }

    /// <summary>Gets the path of the model file; for a model on a custom engine, the name of the engine.</summary>
    public string Path { get; }

    /// <summary>
    /// Gets the name of the architecture as in the file ("llama"); for a model on a custom engine, the name of the engine.
    /// </summary>
    public string Architecture { get; }

    /// <summary>Gets the context length that the model was trained for, in tokens.</summary>
    public int ContextLength => _engine.ContextLength;

    /// <summary>Gets the number of tokens in the vocabulary, which is the number of logits per position.</summary>
    public int VocabularySize => _engine.VocabularySize;

    /// <summary>
    /// Gets the tokenizer of the model. If the file names a kind of tokenizer that is not supported, the model runs on token ids only, and
    /// the methods of this object throw <see cref="UnsupportedModelException"/>.
    /// </summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Gets the chat template of the model, or null if it has none.</summary>
    public ChatTemplate? ChatTemplate { get; }

    /// <summary>
    /// Gets the name of the instruction set whose kernels run ("avx2"); for a model on a custom engine, the name of the engine.
    /// </summary>
    public string InstructionSet { get; private init; } = "";

    /// <summary>
    /// Gets the name of the instruction set that decodes single tokens, usually the same as <see cref="InstructionSet"/>.
    /// </summary>
    public string DecodeInstructionSet { get; private init; } = "";

    /// <summary>Gets the tuning profile that supplies the settings which the options leave open, or null if there is none.</summary>
    public TuningProfile? TuningProfile { get; private init; }

    /// <summary>Gets the number of threads that compute.</summary>
    public int Threads => _engine.Threads;

    /// <summary>Gets the size of the packed weights in bytes.</summary>
    public long WeightBytes => _engine.WeightBytes;

    internal ILogger Logger { get; }

    /// <summary>Gets the engine that computes the model, for programs that run batches of several sequences. The model owns it.</summary>
    public IEngine Engine => _engine;

    /// <summary>Gets the scheduler through which all sessions of the model use the engine.</summary>
    internal BatchScheduler Scheduler { get; }

    /// <summary>Creates a session for a new, empty sequence.</summary>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <returns>The session, which the caller disposes.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <see cref="SessionOptions.ContextLength"/> exceeds the length that the model was trained for, without
    /// <see cref="SessionOptions.AllowLongContext"/>.
    /// </exception>
    /// <exception cref="UnsupportedModelException">The model has no logits (<see cref="HasLogits"/>).</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public ModelSession CreateSession(SessionOptions? options = null)
    {
        if (!HasLogits)
        {
            throw new UnsupportedModelException(
                $"{Path}: a model of architecture '{Architecture}' has no logits and continues no text; it makes embeddings ('Embed')");
        }

        options ??= new SessionOptions();
        KvCacheType kvType = options.KvCacheType ?? TuningProfile?.Choice.KvCacheType ?? KvCacheType.F16;
        KvTypes kvTypes = _options.Exact
            ? new KvTypes(KvCacheType.F32, KvCacheType.F32)
            : new KvTypes(options.KvCacheKeyType ?? kvType, options.KvCacheValueType ?? kvType);
        int batchTokens = options.BatchTokens ?? TuningProfile?.Choice.BatchTokens ?? SessionOptions.DefaultBatchTokens;
        int contextLength = options.ContextLength ?? Math.Min(ContextLength, SessionOptions.DefaultContextLength);
        options.CheckContextLength(ContextLength);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var session = new ModelSession(this, new EngineStateOptions
        {
            Capacity = contextLength,
            BatchTokens = Math.Min(batchTokens, contextLength),
            KeyType = kvTypes.Keys,
            ValueType = kvTypes.Values,
        });
        UseAdapters(session, options);
        if (contextLength > ContextLength)
        {
            ModelLog.LongContext(Logger, contextLength, ContextLength);
        }

        ModelLog.SessionOpened(Logger, contextLength, kvTypes, session.KvCacheBytes);
        return session;
    }

    /// <summary>
    /// Loads a LoRA adapter: a small file that changes some matrices of the model. Each session chooses its adapters
    /// (<see cref="SessionOptions.Adapters"/>, <see cref="ModelSession.UseAdapters"/>); the model is loaded once for all of them.
    /// </summary>
    /// <param name="path">The path of the adapter, a GGUF file that llama.cpp's converter has written.</param>
    /// <returns>The adapter. The model owns its memory.</returns>
    /// <exception cref="ModelFormatException">The file is damaged, or made for a model of other shapes.</exception>
    /// <exception cref="UnsupportedModelException">The file is no LoRA adapter, or changes a matrix that no adapter can change.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read.</exception>
    /// <exception cref="NotSupportedException">The engine of the model has no adapters.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public LoraAdapter LoadAdapter(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return _engine.LoadAdapter(path);
    }

    /// <summary>Creates a conversation with a session of its own.</summary>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <returns>The conversation, which the caller disposes. It owns its session.</returns>
    /// <exception cref="ArgumentException">
    /// An option is out of range or contradicts another one, or the role of a message is unknown.
    /// </exception>
    /// <exception cref="UnsupportedModelException">The tokenizer of the model is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public ChatSession CreateChat(ChatSessionOptions? options = null)
    {
        options ??= new ChatSessionOptions();
        ModelSession session = CreateSession(options.Session);
        try
        {
            return new ChatSession(session, options.Generation, options.Messages, ownsSession: true)
            {
                SystemPrompt = options.SystemPrompt,
                Tools = options.Tools,
            };
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Packs the weights that are not packed yet after a <see cref="ModelOptions.QuickStart"/>. Does nothing if all weights are packed.
    /// </summary>
    /// <param name="cancellationToken">Stops packing. Later forward passes then pack the remaining weights.</param>
    /// <remarks>Sessions may run at the same time; their passes wait for this method between layers.</remarks>
    /// <exception cref="OperationCanceledException">Packing was cancelled.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="System.IO.IOException">The file can no longer be read.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void PackWeights(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        _engine.Prepare(cancellationToken);
    }

    /// <summary>
    /// Releases the model. Sessions remain usable, and the memory is freed when the last of them is disposed. Any thread may call this
    /// method, more than once.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _engine.Dispose();
        }
    }

    private static void UseAdapters(ModelSession session, SessionOptions options)
    {
        if (options.Adapters.Count == 0)
        {
            return;
        }

        try
        {
            session.UseAdapters([.. options.Adapters]);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static ILogger CreateLogger(ModelOptions options) =>
        (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("EdgeRuntime");
}
