using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Sampling;
using EdgeRuntime.Speculation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime;

/// <summary>
/// Composes what answers are made of: a sequence, the sampler, the draft, the decode loop, stop sequences and the tokenizer. A conversation
/// keeps one pipeline, which reuses its buffers and continues its random generator. Owns nothing.
/// </summary>
internal sealed class GenerationPipeline
{
    private readonly StopMatcher _stops;
    private readonly Sampler _sampler;

    /// <summary>Composes the pipeline of a session.</summary>
    /// <exception cref="ArgumentException">
    /// An option is out of range or contradicts another one, or the draft model has another vocabulary.
    /// </exception>
    /// <exception cref="UnsupportedModelException">The model can't continue a text.</exception>
    public GenerationPipeline(ModelSession session, GenerationOptions options)
        : this(RequireGeneration(session), session.Model.Tokenizer, options, CreateDraft(session, options), session.Model.Logger)
    {
    }

    internal GenerationPipeline(
        ISequenceState state, Tokenizer tokenizer, GenerationOptions options, IDraft? draft = null, ILogger? logger = null)
    {
        State = state;
        Tokenizer = tokenizer;
        Options = options;
        Logger = logger ?? NullLogger.Instance;
        _stops = new StopMatcher(options.StopSequences);
        _sampler = new Sampler(options, state.VocabularySize, state.ContextLength, options.Sampler, options.LogProbabilities);
        Tokens = new TokenGenerator(state, _sampler, draft, options.ContextShift);
    }

    public ISequenceState State { get; }

    public Tokenizer Tokenizer { get; }

    public GenerationOptions Options { get; }

    public TokenGenerator Tokens { get; }

    public ILogger Logger { get; }

    /// <summary>Gets the seed of the sampler; null if it is a custom one.</summary>
    public ulong? Seed => Options.Sampler is null ? _sampler.Seed : null;

    /// <summary>Creates an answer. Nothing is computed before its enumeration.</summary>
    /// <param name="prompt">The token ids of the whole prompt from position 0. They are copied.</param>
    /// <param name="conversation">The conversation that the answer belongs to, or null.</param>
    /// <param name="cancellationToken">Cancels the answer.</param>
    public GenerationStream Generate(
        IReadOnlyList<int> prompt, IConversation? conversation = null, CancellationToken cancellationToken = default) =>
        new(this, [.. prompt], conversation, cancellationToken);

    /// <summary>Removes the log probabilities of the next token that the caller takes; null if they are not computed.</summary>
    public TokenProbabilities? TakeLogProbabilities() => _sampler.TakeLogProbabilities();

    /// <summary>Creates the stop matcher of an answer.</summary>
    public StopMatcher CreateStopMatcher() => _stops.Restart();

    /// <summary>Gets the number of tokens at the start of a prompt that a context shift keeps.</summary>
    public int KeptBy(ReadOnlySpan<int> prompt)
    {
        int begin = prompt.Length > 0 && prompt[0] == Tokenizer.BeginOfSequence ? 1 : 0;
        return Options.KeepTokens < 0 ? prompt.Length : Math.Min(prompt.Length, Options.KeepTokens + begin);
    }

    private static IDraft? CreateDraft(ModelSession session, GenerationOptions options)
    {
        if (options.DraftSession is not { } draft)
        {
            return options.NgramDraft ? new NgramDraft() : null;
        }

        if (options.NgramDraft)
        {
            throw new ArgumentException("NgramDraft and DraftSession are both set; choose one way of drafting");
        }

        if (ReferenceEquals(session, draft))
        {
            throw new ArgumentException("DraftSession is the session itself; give one of its own, of a smaller model");
        }

        ModelDraft.RequireSameVocabulary(session.Model.Tokenizer, draft.Model.Tokenizer);
        return new ModelDraft(RequireGeneration(draft), options);
    }

    private static ModelSession RequireGeneration(ModelSession session) => session.CanGenerate
        ? session
        : throw new UnsupportedModelException(
            $"{session.Model.Path}: a model of architecture '{session.Model.Architecture}' computes a text as a whole "
            + "and can't continue it token by token; logits of a whole text are available");
}
