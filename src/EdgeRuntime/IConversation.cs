using System;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

/// <summary>
/// Receives the beginning and the end of an answer, to keep it. May hold the session in between (<see cref="UseGuard.Hold"/>):
/// the steps of the answer enter the session as this object.
/// </summary>
internal interface IConversation
{
    /// <summary>Begins the answer, before its first token is computed.</summary>
    /// <exception cref="InvalidOperationException">The conversation has changed since the answer was created.</exception>
    void Begin();

    /// <summary>Ends the answer, in whatever way.</summary>
    /// <param name="result">The result of the answer.</param>
    /// <param name="ids">The token ids whose text is that of the result, without an end-of-generation token.</param>
    void End(GenerationResult result, ReadOnlySpan<int> ids);
}
