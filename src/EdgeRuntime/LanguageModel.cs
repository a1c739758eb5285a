using System;
using System.Diagnostics;
using System.Threading;
using EdgeRuntime.Generation;
using EdgeRuntime.Gguf;
using EdgeRuntime.Threading;
using EdgeRuntime.Tokenizers;
using EdgeRuntime.Transformers;
using EdgeRuntime.Tuning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Isa = EdgeRuntime.Kernels.InstructionSet;

namespace EdgeRuntime;

/// <summary>
/// A loaded language model: packed weights, tokenizer, chat template. Immutable and shared: many sessions on many threads.
/// Owns its file and weights; they live until the model and all its sessions are disposed.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    private readonly ModelOptions _options;
    private readonly TransformerSpec _spec;
    private readonly TransformerWeights _weights;
    private readonly Tokenizer? _tokenizer;
    private readonly string? _tokenizerProblem;
    private WorkerPool _team;
    private Isa _isa;
    private Isa _decodeIsa;
    private int _references = 1;
    private bool _disposed;

    private LanguageModel(
        GgufFile file, ModelOptions options, TransformerSpec spec, TransformerWeights weights, WorkerPool team, ComputeSettings settings,
        TuningProfile? profile, Tokenizer? tokenizer, string? tokenizerProblem, ChatTemplate? chatTemplate)
    {
        File = file;
        _options = options;
        _spec = spec;
        _weights = weights;
        _team = team;
        _isa = settings.Prefill;
        _decodeIsa = settings.Decode;
        TuningProfile = profile;
        _tokenizer = tokenizer;
        _tokenizerProblem = tokenizerProblem;
        ChatTemplate = chatTemplate;
        Logger = CreateLogger(options);
    }

    /// <summary>The file, for metadata and tensor facts.</summary>
    public GgufFile File { get; }

    /// <summary>Architecture name, as in the file ("llama").</summary>
    public string Architecture => File.Metadata.GetString("general.architecture");

    /// <summary>Context length that the model was trained for.</summary>
    public int ContextLength => _spec.ContextLength;

    /// <summary>Logits a position has.</summary>
    public int VocabularySize => _weights.Vocabulary;

    /// <summary>The file's tokenizer.</summary>
    /// <exception cref="UnsupportedModelException">The file names a tokenizer that is not supported: such a model runs on token ids only.</exception>
    public Tokenizer Tokenizer => _tokenizer ?? throw new UnsupportedModelException(_tokenizerProblem!);

    /// <summary>The file's chat template, or null.</summary>
    public ChatTemplate? ChatTemplate { get; }

    /// <summary>Name of the instruction set whose kernels run.</summary>
    public string InstructionSet => _isa.Name;

    /// <summary>Name of the instruction set whose kernels multiply a single token; mostly the same.</summary>
    public string DecodeInstructionSet => _decodeIsa.Name;

    /// <summary>The tuning profile that fills in what options leave open, or null.</summary>
    public TuningProfile? TuningProfile { get; }

    /// <summary>Threads that compute.</summary>
    public int Threads => _team.Threads;

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes => _weights.ByteSize;

    internal ILogger Logger { get; }

    /// <summary>Opens a GGUF file and packs its weights.</summary>
    /// <param name="path">A .gguf file (any part of a split model).</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told the share of the weights that is packed, 0 to 1, from one of the threads that pack.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="ModelFormatException">The file is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">Architecture or tensor type without support; the message lists what works.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read.</exception>
    public static LanguageModel Load(
        string path, ModelOptions? options = null, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ModelOptions();
        ComputeSettings settings = ComputeSettings.Resolve(options, tuned: null);
        long started = Stopwatch.GetTimestamp();
        GgufFile file = GgufFile.Open(path);
        WorkerPool? team = null;
        TransformerWeights? weights = null;
        try
        {
            file.RequireComplete();
            var source = new ModelSource(file);
            TransformerSpec spec = Architectures.Architecture.Find(source).ReadSpec(source);
            (Tokenizer? tokenizer, string? problem) = ReadTokenizer(file);
            ChatTemplate? template = ReadChatTemplate(file);
            TuningProfile? profile = options.UseTuningProfile && !options.Exact ? TuningProfiles.Find(file, CreateLogger(options)) : null;
            settings = ComputeSettings.Resolve(options, profile?.Choice);
            team = SharedWorkerPool.Rent(settings.Threads);
            weights = TransformerWeights.Load(source, spec, new WeightPacker(source, settings.Prefill, options.Exact, team, progress, cancellationToken));
            weights.UseKernels(settings.Prefill, settings.Decode);
            CheckVocabulary(file, tokenizer, weights.Vocabulary);
            var model = new LanguageModel(file, options, spec, weights, team, settings, profile, tokenizer, problem, template);
            Log.ModelLoaded(model.Logger, path, model.Architecture, weights.ByteSize, settings.Prefill.Name, team.Threads, Stopwatch.GetElapsedTime(started).TotalSeconds);
            return model;
        }
        catch
        {
            weights?.Dispose();
            if (team is not null)
            {
                SharedWorkerPool.Return(team);
            }

            file.Dispose();
            throw;
        }
    }

    /// <summary>A new conversation over this model.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A context or batch of less than one token.</exception>
    public ModelSession CreateSession(SessionOptions? options = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        options ??= new SessionOptions();
        KvCacheType kvType = _options.Exact ? KvCacheType.F32 : options.KvType ?? TuningProfile?.Choice.KvType ?? KvCacheType.F16;
        int batchTokens = options.BatchTokens ?? TuningProfile?.Choice.BatchTokens ?? SessionOptions.DefaultBatchTokens;
        int contextLength = options.ContextLength ?? Math.Min(ContextLength, SessionOptions.DefaultContextLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(batchTokens, 1, nameof(options));
        Interlocked.Increment(ref _references);
        try
        {
            var session = new ModelSession(this, _spec, _weights, _team, _isa, contextLength, kvType, batchTokens);
            Log.SessionOpened(Logger, contextLength, kvType, session.KvCacheBytes);
            return session;
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Release();
        }
    }

    /// <summary>Computes with other kernels and threads from now on: for measuring them.</summary>
    /// <exception cref="InvalidOperationException">There are sessions, which keep what they began with.</exception>
    internal void Use(Isa prefill, Isa decode, int threads)
    {
        if (Volatile.Read(ref _references) != 1)
        {
            throw new InvalidOperationException("a model with open sessions keeps its kernels and threads");
        }

        WorkerPool before = _team;
        _team = SharedWorkerPool.Rent(threads);
        SharedWorkerPool.Return(before);
        (_isa, _decodeIsa) = (prefill, decode);
        _weights.UseKernels(prefill, decode);
    }

    /// <summary>Gives back one reference; the last one, the model's or a session's, frees everything.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _weights.Dispose();
            SharedWorkerPool.Return(_team);
            File.Dispose();
        }
    }

    private static ILogger CreateLogger(ModelOptions options) => (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("EdgeRuntime");

    /// <summary>A vocabulary of an unknown kind is no reason to refuse a model: it still runs on token ids.</summary>
    private static (Tokenizer? Tokenizer, string? Problem) ReadTokenizer(GgufFile file)
    {
        try
        {
            return (GgufVocabulary.CreateTokenizer(file), null);
        }
        catch (UnsupportedModelException exception)
        {
            return (null, exception.Message);
        }
    }

    private static ChatTemplate? ReadChatTemplate(GgufFile file)
    {
        string source = file.Metadata.GetString("tokenizer.chat_template", string.Empty);
        if (source.Length == 0)
        {
            return null;
        }

        try
        {
            return ChatTemplate.Parse(source);
        }
        catch (ChatTemplateException exception)
        {
            throw new ModelFormatException(file.Path, -1, $"tokenizer.chat_template: {exception.Message}");
        }
    }

    private static void CheckVocabulary(GgufFile file, Tokenizer? tokenizer, int rows)
    {
        if (tokenizer is not null && tokenizer.VocabularySize != rows)
        {
            throw new ModelFormatException(
                file.Path, -1, $"tokenizer.ggml.tokens has {tokenizer.VocabularySize} tokens; the output matrix has {rows} rows");
        }
    }
}
