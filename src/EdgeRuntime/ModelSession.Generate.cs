using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

public sealed partial class ModelSession : ISequenceState
{
    UseGuard ISequenceState.Guard => _guard;

    int ISequenceState.VocabularySize => Model.VocabularySize;

    /// <summary>Generates the answer to a prompt. It is lazy: each step of its enumeration computes a token.</summary>
    /// <param name="prompt">
    /// A message of the user, to which the chat template of the model is applied. If the model has no template, it continues the prompt as
    /// plain text. Control tokens in the prompt are plain text, except in raw prompts; see <see cref="GenerationOptions.ParseSpecial"/>.
    /// </param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the answer within a token, also during prefill. The session remains usable.</param>
    /// <returns>The answer. Its enumeration throws the exceptions of <see cref="GenerationStream.Complete"/>.</returns>
    /// <remarks>
    /// The prompt starts at position 0. A common prefix of the prompt and the KV cache is not computed again; later positions of the cache
    /// are removed. Use <see cref="ChatSession"/> for a conversation.
    /// </remarks>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another one.</exception>
    /// <exception cref="UnsupportedModelException">The tokenizer of the model is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public GenerationStream Generate(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        _guard.ThrowIfClosed();
        options ??= new GenerationOptions();
        ChatPrompt format = options.CreatePrompt(Model.Tokenizer, Model.ChatTemplate);
        return Generate(format.Encode([ModelMessage.User(prompt)]), options, cancellationToken);
    }

    /// <summary>Generates the continuation of tokens. It is lazy: each step of its enumeration computes a token.</summary>
    /// <param name="prompt">
    /// One or more token ids: the whole prompt from position 0, including earlier turns and control tokens. They are copied.
    /// </param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the answer within a token, also during prefill. The session remains usable.</param>
    /// <returns>The answer. Its enumeration throws the exceptions of <see cref="GenerationStream.Complete"/>.</returns>
    /// <remarks>
    /// A common prefix of the prompt and the KV cache is not computed again; later positions of the cache are removed.
    /// </remarks>
    /// <exception cref="ArgumentException">
    /// The prompt has no tokens, or an option is out of range or contradicts another one.
    /// </exception>
    /// <exception cref="UnsupportedModelException">The tokenizer of the model is not supported.</exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public GenerationStream Generate(
        IReadOnlyList<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfZero(prompt.Count, nameof(prompt));
        _guard.ThrowIfClosed();
        return new GenerationPipeline(this, options ?? new GenerationOptions())
            .Generate(prompt, cancellationToken: cancellationToken);
    }

    ValueTask ISequenceState.ForwardAsync(ReadOnlySpan<int> tokens, int logitsRows, CallContext context) =>
        AppendAsync(tokens, logitsRows, context);

    ReadOnlySpan<float> ISequenceState.GetLogits(int rows) => Logits(rows).Span;

    void ISequenceState.TakeSnapshot() => _state.TakeSnapshot();

    void ISequenceState.Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)_length, nameof(length));
        Rewind(length);
        _guard.Change();
    }

    void ISequenceState.Shift(int keep, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _length - keep);
        _state.Shift(keep, count);
        _tokens.AsSpan(keep + count, _length - keep - count).CopyTo(_tokens.AsSpan(keep));
        _length -= count;
        _guard.Change();
    }
}
