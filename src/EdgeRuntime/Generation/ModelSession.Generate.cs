using System;
using System.Collections.Generic;
using System.Threading;
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

    /// <summary>Answers a prompt, piece by piece as it is computed. Each step of the enumeration computes a token.</summary>
    /// <param name="prompt">
    /// Taken as a user's message and put into the model's chat template where it has one; otherwise continued as it is. Written-out control
    /// tokens are plain text, but for raw prompts: see <see cref="GenerationOptions.ParseSpecial"/>.
    /// </param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellationToken">Ends the answer within a token; the session stays usable.</param>
    /// <remarks>
    /// The prompt starts at position 0: what it has in common with the KV cache is not computed again, the rest of the cache is forgotten.
    /// Use
    /// <see cref="ChatSession"/> for a conversation and <see cref="Generator"/> for tokens and timings.
    /// </remarks>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ContextFullException">The prompt is longer than the context.</exception>
    /// <exception cref="ArgumentException">A setting makes no sense, or the prompt has no tokens.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another thread uses the session, or somebody has used it since the last step.
    /// </exception>
    public IEnumerable<string> Generate(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        _guard.ThrowIfClosed();
        options ??= new GenerationOptions();
        ChatPrompt format = ChatPrompt.Create(Model.Tokenizer, Model.ChatTemplate, options);
        IReadOnlyList<int> tokens = format.Encode([new ChatMessage("user", prompt)]);
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
