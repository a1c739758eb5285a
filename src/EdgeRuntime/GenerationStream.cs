using System;
using System.Collections;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeRuntime;

/// <summary>
/// Represents an answer while it is generated. It is lazy: each step of its enumeration, with <c>foreach</c> or <c>await foreach</c>,
/// computes one token. <see cref="Text"/> enumerates the text alone, and <see cref="Result"/> describes the answer after its end.
/// </summary>
/// <remarks>
/// <para>An answer is enumerated once, in one of these ways. Asynchronous steps block no thread while they wait for the engine.</para>
/// <para>A cancelled enumeration ends within a token, also during prefill, and throws <see cref="OperationCanceledException"/>. A loop that
/// is left early throws nothing. Both leave the session usable and a result with <see cref="FinishReason.Cancelled"/>.</para>
/// <para>A step throws <see cref="InvalidOperationException"/> if another call of the session is running, or if other code has used the
/// session since the last step, and <see cref="ObjectDisposedException"/> if the session is disposed.</para>
/// </remarks>
/// <example>
/// <code>
/// GenerationStream answer = session.Generate("Why is the sky blue?");
/// await foreach (GeneratedToken token in answer)
/// {
///     Console.Write(token);
/// }
///
/// Console.WriteLine($"{answer.Result!.FinishReason}, {answer.Result.Usage.GeneratedTokens} tokens");
/// </code>
/// </example>
#pragma warning disable CA1711 // a stream of an answer, not of bytes
public sealed partial class GenerationStream : IEnumerable<GeneratedToken>
#pragma warning restore CA1711
{
    // Only one enumerable interface: with both, every LINQ method would be ambiguous. "await foreach" finds the method by its name.
    private readonly CancellationToken _cancellationToken;
    private int _enumerated;

    internal GenerationStream(
        GenerationPipeline pipeline, int[] prompt, IConversation? conversation, CancellationToken cancellationToken)
    {
        _pipeline = pipeline;
        _prompt = prompt;
        _conversation = conversation;
        _cancellationToken = cancellationToken;
        _stops = pipeline.CreateStopMatcher();
        _decoder = pipeline.Tokenizer.CreateStreamDecoder(continuesText: true);
        Text = new TextStream(this);
    }

    /// <summary>Gets the answer as text. Enumerating it enumerates the answer.</summary>
    public TextStream Text { get; }

    /// <summary>Gets the description of the answer, or null before its end.</summary>
    public GenerationResult? Result { get; private set; }

    /// <summary>Starts the enumeration. Each step computes a token on the caller's thread.</summary>
    /// <returns>The enumerator. Disposing it ends the answer.</returns>
    /// <exception cref="InvalidOperationException">The answer has been enumerated before.</exception>
    public IEnumerator<GeneratedToken> GetEnumerator() => Enumerate(isAsync: false, textOnly: false, CancellationToken.None);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Starts the asynchronous enumeration, for <c>await foreach</c>.</summary>
    /// <param name="cancellationToken">Cancels the answer, in addition to the token that was given with the prompt.</param>
    /// <returns>The enumerator. Disposing it ends the answer.</returns>
    /// <exception cref="InvalidOperationException">The answer has been enumerated before.</exception>
    public IAsyncEnumerator<GeneratedToken> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        Enumerate(isAsync: true, textOnly: false, cancellationToken);

    /// <summary>Returns the answer as an <see cref="IAsyncEnumerable{T}"/>, for methods that expect one.</summary>
    /// <returns>The same answer, which is still enumerated once.</returns>
    public IAsyncEnumerable<GeneratedToken> ToAsyncEnumerable() => new AsyncSequence<GeneratedToken>(GetAsyncEnumerator);

    /// <summary>Generates the whole answer on the caller's thread.</summary>
    /// <returns>The description of the answer.</returns>
    /// <exception cref="OperationCanceledException">The answer was cancelled.</exception>
    /// <exception cref="ContextFullException">The prompt is longer than the context.</exception>
    /// <exception cref="InvalidOperationException">
    /// The answer has been enumerated before, another call of the session is running, or other code has used the session since the last
    /// step.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The session is disposed.</exception>
    public GenerationResult Complete()
    {
        using IEnumerator<GeneratedToken> tokens = GetEnumerator();
        while (tokens.MoveNext())
        {
        }

        return Result!;
    }

    /// <summary>Generates the whole answer. No thread is blocked while the answer waits for the engine.</summary>
    /// <param name="cancellationToken">Cancels the answer, in addition to the token that was given with the prompt.</param>
    /// <returns>The description of the answer.</returns>
    /// <inheritdoc cref="Complete" path="/exception"/>
    public async Task<GenerationResult> CompleteAsync(CancellationToken cancellationToken = default)
    {
        IAsyncEnumerator<GeneratedToken> tokens = GetAsyncEnumerator(cancellationToken);
        await using (tokens.ConfigureAwait(false))
        {
            while (await tokens.MoveNextAsync().ConfigureAwait(false))
            {
            }
        }

        return Result!;
    }

    /// <summary>Claims the answer and creates the enumerator of its tokens or its non-empty texts.</summary>
    internal AnswerEnumerator Enumerate(bool isAsync, bool textOnly, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _enumerated, 1) != 0)
        {
            throw new InvalidOperationException("this answer has been enumerated before; call the method that gave it again");
        }

        return new AnswerEnumerator(this, isAsync, textOnly, _cancellationToken, cancellationToken);
    }
}
