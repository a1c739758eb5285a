using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Threading;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime;

public sealed partial class ModelSession : ISequenceState
{
    UseGuard ISequenceState.Guard => _guard;

    int ISequenceState.VocabularySize => Model.VocabularySize;

    void ISequenceState.TakeSnapshot()
    {
        using UseGuard.Scope call = _guard.Enter();
        _state.TakeSnapshot();
    }

    /// <summary>Generates the answer to a prompt as text. The sequence is lazy: each step of the enumeration computes a token.</summary>
    /// <param name="prompt">
    /// A message of the user, to which the chat template of the model is applied. If the model has no template, it continues the prompt as
    /// plain text. Control tokens in the prompt are plain text, except in raw prompts; see <see cref="GenerationOptions.ParseSpecial"/>.
    /// </param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="cancellationToken">Ends the answer within a token. The session remains usable.</param>
    /// <returns>The pieces of the answer.</returns>
    /// <remarks>
    /// The prompt starts at position 0. A common prefix of the prompt and the KV cache is not computed again; later positions of the cache
    /// are removed. Use <see cref="ChatSession"/> for a conversation, and <see cref="Generator"/> for tokens and timings.
    /// </remarks>
    /// <exception cref="OperationCanceledException">The answer was cancelled.</exception>
    /// <exception cref="ContextFullException">The prompt is longer than the context.</exception>
    /// <exception cref="ArgumentException">
    /// An option is out of range or contradicts another one, or the prompt has no tokens.
    /// </exception>
    /// <exception cref="UnsupportedModelException">The tokenizer of the model is not supported.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another thread uses the session, or other code has used it since the last step.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public IEnumerable<string> Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        _guard.ThrowIfClosed();
        options ??= new GenerationOptions();
        ChatPrompt format = options.CreatePrompt(Model.Tokenizer, Model.ChatTemplate);
        IReadOnlyList<int> tokens = format.Encode([new ModelMessage("user", prompt)]);
        return Texts(new Generator(this, options), tokens, cancellationToken);
    }

    private static IEnumerable<string> Texts(Generator generator, IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        foreach (GeneratedToken token in generator.Generate(prompt, cancellationToken))
        {
            if (token.Text.Length > 0)
            {
                yield return token.Text;
            }
        }

        if (generator.Result!.StopReason == StopReason.Cancelled)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    ReadOnlySpan<float> ISequenceState.Forward(ReadOnlySpan<int> tokens, CancellationToken cancellationToken) =>
        Forward(tokens, cancellationToken);

    ReadOnlySpan<float> ISequenceState.ForwardAll(ReadOnlySpan<int> tokens, CancellationToken cancellationToken) =>
        ForwardAll(tokens, cancellationToken);
}
