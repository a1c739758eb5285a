using System.Collections;

namespace EdgeRuntime.ToolCalls;

/// <summary>Reads a call that may turn out to be malformed. The parser runs it and catches what its steps throw.</summary>
/// <param name="steps">The steps of the reader.</param>
/// <param name="isGuess">Whether no mark announced the call.</param>
internal sealed class CallAttempt(IEnumerator steps, bool isGuess) : IEnumerator
{
    /// <summary>Gets a value indicating whether no mark announced the call.</summary>
    public bool IsGuess => isGuess;

    /// <inheritdoc/>
    public object? Current => steps.Current;

    /// <inheritdoc/>
    public bool MoveNext() => steps.MoveNext();

    /// <inheritdoc/>
    public void Reset() => steps.Reset();
}
