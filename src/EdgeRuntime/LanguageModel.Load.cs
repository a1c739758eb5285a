using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Cpu;
using EdgeRuntime.Embeddings;
using EdgeRuntime.Engine;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tuning;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime;

/// <content>How a model is made: from a file, or on a custom engine.</content>
public sealed partial class LanguageModel
{
    /// <summary>Creates a model on a custom engine. Sessions, generation and chats run on it as on the built-in engine.</summary>
    /// <param name="engine">The engine that computes. The model disposes it.</param>
    /// <param name="tokenizer">The tokenizer, with one token for each logit of the engine.</param>
    /// <param name="chatTemplate">The chat template, or null if the model has none.</param>
    /// <param name="options">The options, of which the logger factory applies; null for the defaults.</param>
    /// <param name="path">The path of the model's file, or null for the name of the engine.</param>
    /// <exception cref="ArgumentException">
    /// The number of tokens differs from the number of logits. The caller still owns the engine.
    /// </exception>
    public static LanguageModel Create(
        IEngine engine, Tokenizer tokenizer, ChatTemplate? chatTemplate = null, ModelOptions? options = null, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (tokenizer.VocabularySize != engine.VocabularySize)
        {
            throw new ArgumentException(
                $"the tokenizer has {tokenizer.VocabularySize} tokens, the engine {engine.VocabularySize} logits; they must agree",
                nameof(tokenizer));
        }

        var text = new ModelText(tokenizer, null, chatTemplate, PairFormat.Default);
        return OnEngine(engine, text, path ?? engine.Name, engine.Name, options ?? new ModelOptions());
    }

    /// <summary>Creates a model on a custom engine, with the text side of a GGUF file.</summary>
    /// <param name="engine">The engine that computes. The model disposes it.</param>
    /// <param name="file">The file; the caller may close it after this call.</param>
    /// <param name="text">The text side of the file.</param>
    /// <param name="options">The options.</param>
    /// <param name="profile">The tuning profile whose settings apply to sessions, or null.</param>
    /// <exception cref="ModelFormatException">The vocabulary has another size. The caller still owns the engine.</exception>
    internal static LanguageModel CreateFrom(
        IEngine engine, GgufFile file, ModelText text, ModelOptions options, TuningProfile? profile = null)
    {
        text.CheckVocabulary(file, engine.VocabularySize);
        return OnEngine(engine, text, file.Path, file.Metadata.GetString("general.architecture"), options, profile);
    }

    /// <summary>
    /// Opens a model. <see cref="ModelOptions.Device"/>, or else the first of <see cref="ModelOptions.Backends"/> that can load the file,
    /// loads it. Otherwise the built-in engine opens it as a GGUF file and packs its weights. With <see cref="ModelOptions.QuickStart"/>,
    /// the first forward passes pack them instead.
    /// </summary>
    /// <param name="path">The path of a .gguf file; for a split model, the path of any part.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="progress">Receives the loaded fraction, 0 to 1, on one of the threads that pack; null for no reports.</param>
    /// <param name="cancellationToken">Cancels loading.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">
    /// The path is empty, or the options or the environment name an instruction set that is unknown or missing on this machine.
    /// </exception>
    /// <exception cref="ModelFormatException">The file is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">
    /// The architecture or a tensor type is not supported. The message lists what is supported.
    /// </exception>
    /// <exception cref="System.IO.FileNotFoundException">There is no such file.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read, or the path is a folder.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    /// <exception cref="OperationCanceledException">Loading was cancelled.</exception>
    public static LanguageModel Load(
        string path, ModelOptions? options = null, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ModelOptions();
        if ((options.Device ?? options.Backends.FirstOrDefault(backend => backend.CanLoad(path))) is { } other)
        {
            return other.Load(path, options, progress, cancellationToken);
        }

        ComputeSettings.Resolve(options, tuned: null); // refuses wrong options before the file is opened
        GgufFile file = GgufFile.Open(path);
        CpuEngine? engine = null;
        try
        {
            (CpuLoader loader, CpuSettings settings, TuningProfile? profile) = PrepareEngine(file, options);

            // Beside the weights on a thread of its own: a cold start spends as long on a vocabulary as on the weights of a small model.
            Task<ModelText> reading = Task.Run(() => ModelText.Read(file, options.PreTokenizer), CancellationToken.None);
            try
            {
                engine = loader.Load(settings, progress, cancellationToken);
            }
            catch
            {
                reading.GetAwaiter().GetResult(); // it reads the file, which is closed below; its own exception takes precedence
                throw;
            }

            ModelText text = reading.GetAwaiter().GetResult();
            text.CheckVocabulary(file, engine.VocabularySize);
            return new LanguageModel(file.Path, loader.Architecture, options, engine, text)
            {
                InstructionSet = settings.Prefill.Name,
                DecodeInstructionSet = settings.Decode.Name,
                TuningProfile = profile,
            };
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

    /// <summary>
    /// Opens a model like <see cref="Load"/>, on a thread of its own. No thread of the thread pool is blocked.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    public static Task<LanguageModel> LoadAsync(
        string path, ModelOptions? options = null, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return StartThread(() => Load(path, options, progress, cancellationToken), cancellationToken);
    }

    /// <summary>Reads the architecture of a file for the built-in engine, and the settings that it loads and computes with.</summary>
    /// <exception cref="ModelFormatException">The file is incomplete, or its metadata contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">The architecture is not supported.</exception>
    internal static (CpuLoader Loader, CpuSettings Settings, TuningProfile? Profile) PrepareEngine(GgufFile file, ModelOptions options)
    {
        ILogger logger = CreateLogger(options);
        var loader = new CpuLoader(file);
        TuningProfile? profile = options.UseTuningProfile && !options.Exact ? TuningProfiles.Find(file, logger) : null;
        return (loader, ComputeSettings.Resolve(options, profile?.Choice).ToCpuSettings(options, logger), profile);
    }

    private static LanguageModel OnEngine(
        IEngine engine, ModelText text, string path, string architecture, ModelOptions options, TuningProfile? profile = null) =>
        new(path, architecture, options, engine, text)
        {
            InstructionSet = engine.Name,
            DecodeInstructionSet = engine.Name,
            TuningProfile = profile,
        };
}
