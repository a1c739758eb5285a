using System;
using System.Collections;
using System.Collections.Generic;
using System.Threading;

namespace EdgeRuntime;

/// <summary>
/// Represents the text of a <see cref="GenerationStream"/>: the pieces of the answer as they become certain, without empty ones.
/// </summary>
/// <remarks>Enumerating the text enumerates the answer, under the rules of <see cref="GenerationStream"/>.</remarks>
/// <example>
/// <code>
/// foreach (string text in session.Generate("Why is the sky blue?").Text)
/// {
///     Console.Write(text);
/// }
/// </code>
/// </example>
#pragma warning disable CA1711 // a stream of an answer, not of bytes
public sealed class TextStream : IEnumerable<string>
#pragma warning restore CA1711
{
    private readonly GenerationStream _answer;

    internal TextStream(GenerationStream answer) => _answer = answer;

    /// <summary>Starts the enumeration. Each step computes one or more tokens on the caller's thread.</summary>
    /// <returns>The enumerator. Disposing it ends the answer.</returns>
    /// <exception cref="InvalidOperationException">The answer has been enumerated before.</exception>
    public IEnumerator<string> GetEnumerator() => _answer.Enumerate(isAsync: false, textOnly: true, CancellationToken.None);

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Starts the asynchronous enumeration, for <c>await foreach</c>.</summary>
    /// <param name="cancellationToken">Cancels the answer, in addition to the token that was given with the prompt.</param>
    /// <returns>The enumerator. Disposing it ends the answer.</returns>
    /// <exception cref="InvalidOperationException">The answer has been enumerated before.</exception>
    public IAsyncEnumerator<string> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        _answer.Enumerate(isAsync: true, textOnly: true, cancellationToken);

    /// <summary>Returns the text as an <see cref="IAsyncEnumerable{T}"/>, for methods that expect one.</summary>
    /// <returns>The same text, which is still enumerated once.</returns>
    public IAsyncEnumerable<string> ToAsyncEnumerable() => new AsyncSequence<string>(GetAsyncEnumerator);
}
