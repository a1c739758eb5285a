using System.Threading;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Lets a model answer prompts, each in a conversation of its own.</summary>
internal static class PromptAnswers
{
    /// <summary>Answers a prompt.</summary>
    /// <exception cref="System.OperationCanceledException">The answer was cancelled.</exception>
    public static GenerationResult Answer(
        ModelSession session, GenerationOptions generation, string? system, string prompt, CancellationToken cancellationToken)
    {
        var chat = new ChatSession(session, generation) { SystemPrompt = system };
        GenerationResult result = chat.Send(prompt, cancellationToken).Complete();
        cancellationToken.ThrowIfCancellationRequested();
        return result;
    }
}
