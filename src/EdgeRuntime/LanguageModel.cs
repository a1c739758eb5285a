using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Gguf;
using EdgeRuntime.SideCar;
using EdgeRuntime.Threading;
using EdgeRuntime.Tokenizers;
using EdgeRuntime.Transformers;
using EdgeRuntime.Tuning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Isa = EdgeRuntime.Kernels.InstructionSet;

namespace EdgeRuntime;

/// <summary>
/// A loaded language model: weights, tokenizer, chat template. Shared by many sessions on many threads, to all of which it is immutable.
/// Owns its file and weights; they live until the model and all its sessions are disposed.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    private readonly ModelOptions _options;
    private readonly TransformerSpec _spec;
    private readonly TransformerWeights _weights;
    private readonly ModelText _text;
    private WorkerPool _team;
    private Isa _isa;
    private Isa _decodeIsa;
    private int _references = 1;
    private int _disposed;

    private LanguageModel(
        GgufFile file, ModelOptions options, TransformerSpec spec, TransformerWeights weights, WorkerPool team, ComputeSettings settings,
        TuningProfile? profile, ModelText text)
    {
        File = file;
        _options = options;
        _spec = spec;
        _weights = weights;
        _team = team;
        _isa = settings.Prefill;
        _decodeIsa = settings.Decode;
        TuningProfile = profile;
        _text = text;
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
    public Tokenizer Tokenizer => _text.Tokenizer ?? throw new UnsupportedModelException(_text.TokenizerProblem!);

    /// <summary>The file's chat template, or null.</summary>
    public ChatTemplate? ChatTemplate => _text.ChatTemplate;

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

    /// <summary>Opens a GGUF file and packs its weights, unless <see cref="ModelOptions.QuickStart"/> leaves them to the first passes.</summary>
    /// <param name="path">A .gguf file (any part of a split model).</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told how much of loading is done, 0 to 1, from one of the threads that pack.</param>
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
            TuningProfile? profile = options.UseTuningProfile && !options.Exact ? TuningProfiles.Find(file, CreateLogger(options)) : null;
            settings = ComputeSettings.Resolve(options, profile?.Choice);
            var sideCar = options.PackedCache is { } folder ? new PackedSideCar(folder, file, CreateLogger(options)) : null;
            team = SharedWorkerPool.Rent(settings.Threads);
            var packer = new WeightPacker(source, settings.Prefill, options.Exact, sideCar, team, progress, cancellationToken)
            {
                QuickStartBytes = options.QuickStart ? options.QuickStartBytes : null,
            };

            // On a thread of its own meanwhile: a cold start spends as long on a vocabulary as on the weights of a small model.
            Task<ModelText> reading = Task.Run(() => ModelText.Read(file), CancellationToken.None);
            try
            {
                weights = TransformerWeights.Load(source, spec, packer);
            }
            catch
            {
                reading.GetAwaiter().GetResult(); // it reads the file, which goes now; its own complaint comes first, whoever was faster
                throw;
            }

            ModelText text = reading.GetAwaiter().GetResult();
            weights.UseKernels(settings.Prefill, settings.Decode);
            text.CheckVocabulary(file, weights.Vocabulary);
            var model = new LanguageModel(file, options, spec, weights, team, settings, profile, text);
            Log.ModelLoaded(
                model.Logger, path, model.Architecture, weights.ByteSize, weights.IsPacked ? "packed" : "to be packed when used", settings.Prefill.Name,
                team.Threads, Stopwatch.GetElapsedTime(started).TotalSeconds);
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
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public ModelSession CreateSession(SessionOptions? options = null)
    {
        options ??= new SessionOptions();
        KvCacheType kvType = _options.Exact ? KvCacheType.F32 : options.KvType ?? TuningProfile?.Choice.KvType ?? KvCacheType.F16;
        int batchTokens = options.BatchTokens ?? TuningProfile?.Choice.BatchTokens ?? SessionOptions.DefaultBatchTokens;
        int contextLength = options.ContextLength ?? Math.Min(ContextLength, SessionOptions.DefaultContextLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(batchTokens, 1, nameof(options));
        Acquire();
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

    /// <summary>
    /// Packs the weights that <see cref="ModelOptions.QuickStart"/> left to the first passes; does nothing where all are packed. May run beside
    /// sessions, whose passes wait.
    /// </summary>
    /// <param name="cancellationToken">Stops packing; the passes do it then.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read any more.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public void PackWeights(CancellationToken cancellationToken = default)
    {
        Acquire();
        try
        {
            _weights.Pack(_team, cancellationToken);
        }
        finally
        {
            Release();
        }
    }

    /// <summary>
    /// Lets go of the model; its memory is freed once its sessions are disposed too, which go on until then. May come from any thread, and
    /// again.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
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

    /// <summary>Takes a reference, which keeps everything alive.</summary>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    private void Acquire()
    {
        int references;
        do
        {
            references = Volatile.Read(ref _references);
            ObjectDisposedException.ThrowIf(references == 0 || Volatile.Read(ref _disposed) != 0, this);
        }
        while (Interlocked.CompareExchange(ref _references, references + 1, references) != references);
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
}
