using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Embeddings;

namespace EdgeRuntime;

/// <content>Embeddings of texts, and scores of documents.</content>
public sealed partial class LanguageModel
{
    /// <summary>
    /// Gets a value indicating whether the model has logits. One without them, such as an encoder, makes embeddings or scores only.
    /// </summary>
    public bool HasLogits => _engine.HasLogits;

    /// <summary>Gets a value indicating whether the model has a head that computes scores (<see cref="Rerank"/>).</summary>
    public bool CanRerank => _engine.Embedding.Ranking is not null;

    /// <summary>Gets the pooling that the model was trained with; <see cref="EmbeddingPooling.None"/> if the file does not say.</summary>
    public EmbeddingPooling Pooling => _engine.Embedding.Pooling;

    /// <summary>Gets the number of elements of an embedding.</summary>
    public int EmbeddingSize => _engine.Embedding.Projection?.OutputSize ?? _engine.HiddenSize;

    /// <summary>Computes the embedding of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between passes and between layers.</param>
    /// <inheritdoc cref="Embed(IEnumerable{string}, EmbeddingOptions?, CancellationToken)" path="/exception"/>
    public TextEmbedding Embed(string text, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Embed([text], options, cancellationToken)[0];
    }

    /// <summary>Computes the embedding of a text that is given as token ids.</summary>
    /// <param name="tokens">One or more token ids, with those that the vocabulary adds to a text.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between passes and between layers.</param>
    /// <inheritdoc cref="Embed(IEnumerable{string}, EmbeddingOptions?, CancellationToken)" path="/exception"/>
    public TextEmbedding Embed(
        ReadOnlySpan<int> tokens, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        Embed([(ReadOnlyMemory<int>)tokens.ToArray()], options, cancellationToken)[0];

    /// <summary>Computes the embeddings of texts, of as many together as a pass has room for.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between passes and between layers.</param>
    /// <returns>The embedding of each text. An embedding does not depend on the other texts.</returns>
    /// <exception cref="ArgumentException">
    /// A text has no tokens, or more than the context has room for without <see cref="TextPassOptions.Truncate"/>.
    /// </exception>
    /// <exception cref="UnsupportedModelException">
    /// The tokenizer of the model is not supported, or the options ask for scores that the model does not have.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <exception cref="NonFiniteException">The computation gave infinity or NaN. The message names the layer.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public IReadOnlyList<TextEmbedding> Embed(
        IEnumerable<string> texts, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options ??= new EmbeddingOptions();
        bool keepsLast = TextInput.AddsEnd(Tokenizer);
        return Compute(
            texts.Select(text => Encode(text, options)), options, Pooler.Create(_engine, options, Path), keepsLast, cancellationToken);
    }

    /// <summary>Computes the embeddings of texts that are given as token ids.</summary>
    /// <param name="texts">The token ids of each text, with those that the vocabulary adds to a text.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between passes and between layers.</param>
    /// <inheritdoc cref="Embed(IEnumerable{string}, EmbeddingOptions?, CancellationToken)" path="/returns"/>
    /// <inheritdoc cref="Embed(IEnumerable{string}, EmbeddingOptions?, CancellationToken)" path="/exception"/>
    public IReadOnlyList<TextEmbedding> Embed(
        IEnumerable<ReadOnlyMemory<int>> texts, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        options ??= new EmbeddingOptions();
        IEnumerable<int[]> tokens = texts.Select(static text => text.ToArray());
        return Compute(tokens, options, Pooler.Create(_engine, options, Path), keepsLast: false, cancellationToken);
    }

    /// <summary>Computes the embedding of a text on a thread of its own.</summary>
    /// <inheritdoc cref="Embed(string, EmbeddingOptions?, CancellationToken)"/>
    public Task<TextEmbedding> EmbedAsync(
        string text, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return StartThread(() => Embed(text, options, cancellationToken), cancellationToken);
    }

    /// <summary>Computes the embeddings of texts on a thread of its own.</summary>
    /// <inheritdoc cref="Embed(IEnumerable{string}, EmbeddingOptions?, CancellationToken)"/>
    public Task<IReadOnlyList<TextEmbedding>> EmbedAsync(
        IEnumerable<string> texts, EmbeddingOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(texts);
        return StartThread(() => Embed(texts, options, cancellationToken), cancellationToken);
    }

    /// <summary>Computes how well documents answer a query, with a reranker.</summary>
    /// <param name="query">The query.</param>
    /// <param name="documents">The documents.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the call. It is checked between passes and between layers.</param>
    /// <returns>
    /// The score of each document; a greater score is a better answer. What scores mean depends on the model: some are logits, some
    /// probabilities. Of a model with several labels it is the first one's.
    /// </returns>
    /// <exception cref="UnsupportedModelException">The model is no reranker, or its tokenizer is not supported.</exception>
    /// <inheritdoc cref="Embed(IEnumerable{string}, EmbeddingOptions?, CancellationToken)" path="/exception"/>
    public IReadOnlyList<float> Rerank(
        string query, IEnumerable<string> documents, RerankOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(documents);
        options ??= new RerankOptions();
        Pooler pooler = Pooler.OfScores(_engine, Path);
        IEnumerable<int[]> pairs = documents.Select(document => _pairs.Encode(Tokenizer, query, document, options.ParseSpecial));
        TextEmbedding[] scores = Compute(pairs, options, pooler, TextInput.AddsEnd(Tokenizer), cancellationToken);
        return Array.ConvertAll(scores, static score => score.Values.Span[0]);
    }

    /// <summary>Computes how well documents answer a query, on a thread of its own.</summary>
    /// <inheritdoc cref="Rerank"/>
    public Task<IReadOnlyList<float>> RerankAsync(
        string query, IEnumerable<string> documents, RerankOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(documents);
        return StartThread(() => Rerank(query, documents, options, cancellationToken), cancellationToken);
    }

    private int[] Encode(string text, EmbeddingOptions options)
    {
        ArgumentNullException.ThrowIfNull(text);
        return [.. Tokenizer.Encode(text, addSpecial: true, options.ParseSpecial)];
    }

    private TextEmbedding[] Compute(
        IEnumerable<int[]> texts, TextPassOptions options, Pooler pooler, bool keepsLast, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        TextInput[] inputs =
            [.. texts.Select((tokens, index) => TextInput.Create(tokens, index, options, _engine.ContextLength, keepsLast))];
        if (inputs.Length == 0)
        {
            return [];
        }

        int batchTokens = options.BatchTokens ?? TuningProfile?.Choice.BatchTokens ?? SessionOptions.DefaultBatchTokens;
        KvCacheType kvType = _options.Exact ? KvCacheType.F32 : options.KvCacheType;
        using var passes = new TextPasses(_engine, pooler, batchTokens, kvType, inputs.Max(static input => input.Tokens.Length));
        return passes.Run(inputs, cancellationToken);
    }

    /// <summary>Runs a long call on a thread of its own, so that no thread of the thread pool is blocked.</summary>
    private static Task<T> StartThread<T>(Func<T> call, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(call, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
