using System;

namespace EdgeRuntime;

/// <summary>
/// Chooses tokens from logits. <see cref="Sampler"/> is the implementation of the library; an own one is used through
/// <c>GenerationOptions.Sampler</c>.
/// </summary>
/// <remarks>
/// The calls for an answer are <see cref="Reset"/> with the prompt, then <see cref="Sample"/> and <see cref="Accept"/> for each token, from
/// one thread at a time. A sampler with state serves one answer at a time.
/// </remarks>
/// <example>
/// <code>
/// sealed class Greedy : ISampler
/// {
///     public int Sample(ReadOnlySpan&lt;float&gt; logits) => TensorPrimitives.IndexOfMax(logits);
///     public void Accept(int token) { }
///     public void Reset(ReadOnlySpan&lt;int&gt; tokens) { }
/// }
/// </code>
/// </example>
public interface ISampler
{
    /// <summary>Chooses a token.</summary>
    /// <param name="logits">[vocabulary], by token id; minus infinity excludes a token. Valid during the call.</param>
    /// <returns>The token id, 0 to the number of logits - 1.</returns>
    int Sample(ReadOnlySpan<float> logits);

    /// <summary>Records a token that was appended to the sequence, usually the result of <see cref="Sample"/>.</summary>
    void Accept(int token);

    /// <summary>Starts a new answer.</summary>
    /// <param name="tokens">The tokens before the answer. Valid during the call.</param>
    void Reset(ReadOnlySpan<int> tokens);
}
