using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cpu;
using EdgeRuntime.Engine;
using EdgeRuntime.Gguf;
using EdgeRuntime.Modules;
using EdgeRuntime.SideCar;
using EdgeRuntime.State;
using EdgeRuntime.Threading;
using EdgeRuntime.Tokenizers;
using EdgeRuntime.Tuning;
using EdgeRuntime.Weights;
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
    private readonly IEngine _engine;
    private readonly ModelText _text;
    private int _disposed;

    private LanguageModel(string path, string architecture, ModelOptions options, IEngine engine, TuningProfile? profile, ModelText text)
    {
        Path = path;
        Architecture = architecture;
        _options = options;
        _engine = engine;
        TuningProfile = profile;
        _text = text;
        Logger = CreateLogger(options);
    }

    /// <summary>The model's file, or what an engine of one's own calls its model.</summary>
    public string Path { get; }

    /// <summary>Architecture name, as in the file ("llama").</summary>
    public string Architecture { get; }

    /// <summary>Context length that the model was trained for.</summary>
    public int ContextLength => _engine.ContextLength;

    /// <summary>Logits a position has.</summary>
    public int VocabularySize => _engine.VocabularySize;

    /// <summary>The file's tokenizer.</summary>
    /// <exception cref="UnsupportedModelException">The file names a tokenizer that is not supported: such a model runs on token ids only.</exception>
    public Tokenizer Tokenizer => _text.Tokenizer ?? throw new UnsupportedModelException(_text.TokenizerProblem!);

    /// <summary>The file's chat template, or null.</summary>
    public ChatTemplate? ChatTemplate => _text.ChatTemplate;

    /// <summary>Name of the instruction set whose kernels run; of an engine of one's own, its name.</summary>
    public string InstructionSet => (_engine as CpuEngine)?.Prefill.Name ?? _engine.Name;

    /// <summary>Name of the instruction set whose kernels multiply a single token; mostly the same.</summary>
    public string DecodeInstructionSet => (_engine as CpuEngine)?.Decode.Name ?? _engine.Name;

    /// <summary>The tuning profile that fills in what options leave open, or null.</summary>
    public TuningProfile? TuningProfile { get; }

    /// <summary>Threads that compute.</summary>
    public int Threads => _engine.Threads;

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes => _engine.WeightBytes;

    internal ILogger Logger { get; }

    /// <summary>What computes the model; owned by it.</summary>
    internal IEngine Engine => _engine;

    private CpuEngine Cpu => _engine as CpuEngine
        ?? throw new NotSupportedException($"the engine '{_engine.Name}' has no kernels to choose and no weights to pack");

    /// <summary>A model on an engine of one's own: sessions, generation and chats run on it as on the built-in one.</summary>
    /// <param name="engine">Computes; owned by the model from here on.</param>
    /// <param name="tokenizer">Its vocabulary.</param>
    /// <param name="chatTemplate">Its chat template, or null.</param>
    /// <param name="options">For the logger; null for none.</param>
    /// <exception cref="ArgumentException">The tokenizer has another number of tokens than the engine has logits.</exception>
    public static LanguageModel Create(IEngine engine, Tokenizer tokenizer, ChatTemplate? chatTemplate = null, ModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (tokenizer.VocabularySize != engine.VocabularySize)
        {
            throw new ArgumentException(
                $"the tokenizer has {tokenizer.VocabularySize} tokens, the engine {engine.VocabularySize} logits; they must agree", nameof(tokenizer));
        }

        return new LanguageModel(engine.Name, engine.Name, options ?? new ModelOptions(), engine, profile: null, new ModelText(tokenizer, null, chatTemplate));
    }

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
        CpuEngine? engine = null;
        try
        {
            file.RequireComplete();
            TuningProfile? profile = options.UseTuningProfile && !options.Exact ? TuningProfiles.Find(file, CreateLogger(options)) : null;
            settings = ComputeSettings.Resolve(options, profile?.Choice);
            settings.WarnOfBound(CreateLogger(options));
            var source = new ModelSource(file);
            ModelModules modules = Architectures.Architecture.Read(source);

            // On a thread of its own meanwhile: a cold start spends as long on a vocabulary as on the weights of a small model.
            Task<ModelText> reading = Task.Run(() => ModelText.Read(file), CancellationToken.None);
            try
            {
                engine = CreateEngine(file, source, modules, options, settings, progress, cancellationToken);
            }
            catch
            {
                reading.GetAwaiter().GetResult(); // it reads the file, which goes now; its own complaint comes first, whoever was faster
                throw;
            }

            ModelText text = reading.GetAwaiter().GetResult();
            text.CheckVocabulary(file, engine.VocabularySize);
            string architecture = file.Metadata.GetString("general.architecture");
            var model = new LanguageModel(file.Path, architecture, options, engine, profile, text);
            Log.ModelLoaded(
                model.Logger, path, model.Architecture, engine.WeightBytes, engine.IsPacked ? "packed" : "to be packed when used",
                settings.Prefill.Name, engine.Threads, Stopwatch.GetElapsedTime(started).TotalSeconds);
            return model;
        }
        catch
        {
            if (engine is null)
            {
                file.Dispose();
            }

            engine?.Dispose();
            throw;
        }
    }

    /// <summary>A new conversation over this model.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A context or batch of less than one token.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public ModelSession CreateSession(SessionOptions? options = null)
    {
        options ??= new SessionOptions();
        KvCacheType kvType = options.KvType ?? TuningProfile?.Choice.KvType ?? KvCacheType.F16;
        KvTypes kvTypes = _options.Exact
            ? new KvTypes(KvCacheType.F32, KvCacheType.F32)
            : new KvTypes(options.KvKeyType ?? kvType, options.KvValueType ?? kvType);
        int batchTokens = options.BatchTokens ?? TuningProfile?.Choice.BatchTokens ?? SessionOptions.DefaultBatchTokens;
        int contextLength = options.ContextLength ?? Math.Min(ContextLength, SessionOptions.DefaultContextLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(batchTokens, 1, nameof(options));
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        var session = new ModelSession(this, new EngineStateOptions
        {
            Capacity = contextLength,
            BatchTokens = Math.Min(batchTokens, contextLength),
            KeyType = kvTypes.Keys,
            ValueType = kvTypes.Values,
        });
        Log.SessionOpened(Logger, contextLength, kvTypes, session.KvCacheBytes);
        return session;
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
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (_engine is CpuEngine cpu)
        {
            cpu.PackWeights(cancellationToken);
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
            _engine.Dispose();
        }
    }

    /// <summary>Computes with other kernels and threads from now on: for measuring them.</summary>
    /// <exception cref="InvalidOperationException">There are sessions, which keep what they began with.</exception>
    internal void Use(Isa prefill, Isa decode, int threads) => Cpu.Use(prefill, decode, threads);

    private static CpuEngine CreateEngine(
        GgufFile file, ModelSource source, ModelModules modules, ModelOptions options, ComputeSettings settings, IProgress<float>? progress,
        CancellationToken cancellationToken)
    {
        PackedSideCar? sideCar = options.PackedCache is { } folder && !options.Exact ? new PackedSideCar(folder, file, CreateLogger(options)) : null;
        var binder = new TensorBinder(source, settings.Prefill, options.Exact);
        WorkerPool team = SharedWorkerPool.Rent(settings.Threads);
        try
        {
            modules.Bind(binder);
            var packer = new WeightPacker(sideCar, team, progress, cancellationToken)
            {
                QuickStartBytes = options.QuickStart && !options.Exact ? options.QuickStartBytes : null,
            };
            return new CpuEngine(
                file.Path, modules, new ModelWeights(binder, packer), settings.Prefill, settings.Decode, settings.Threads, file.Dispose);
        }
        catch
        {
            binder.Dispose();
            throw;
        }
        finally
        {
            SharedWorkerPool.Return(team);
        }
    }

    private static ILogger CreateLogger(ModelOptions options) => (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("EdgeRuntime");
}
