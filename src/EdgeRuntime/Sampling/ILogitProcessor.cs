using System;

namespace EdgeRuntime;

/// <summary>Changes logits before a token is chosen from them, for example to allow only the tokens of a grammar.</summary>
/// <remarks>
/// The processors of <see cref="SamplingOptions.LogitProcessors"/> are called in their order, once for each token, on the thread that
/// computes the answer. The sampling settings then apply to the changed logits. An exception of a processor ends the answer.
/// </remarks>
/// <example>
/// <code>
/// sealed class OnlyTokens(HashSet&lt;int&gt; allowed) : ILogitProcessor
/// {
///     public void Process(ReadOnlySpan&lt;int&gt; tokens, Span&lt;float&gt; logits)
///     {
///         for (int id = 0; id &lt; logits.Length; id++)
///         {
///             logits[id] = allowed.Contains(id) ? logits[id] : float.NegativeInfinity;
///         }
///     }
/// }
/// </code>
/// </example>
public interface ILogitProcessor
{
    /// <summary>Changes the logits of the next token.</summary>
    /// <param name="tokens">The tokens before the next one: the prompt and the answer so far. Valid during the call.</param>
    /// <param name="logits">
    /// [vocabulary], by token id; a copy that the method may change. Minus infinity excludes a token; NaN and plus infinity are refused.
    /// </param>
    void Process(ReadOnlySpan<int> tokens, Span<float> logits);
}
