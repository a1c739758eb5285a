using System.Collections.Generic;
using System.Linq;
using System.Threading;

namespace EdgeRuntime.Extensions.AI;

/// <summary>Represents a request in the terms of the model.</summary>
/// <param name="SystemPrompt">The instructions and the system message at the start, or null.</param>
/// <param name="Messages">The other messages, oldest first.</param>
/// <param name="Tools">The tools that the model may call.</param>
/// <param name="Generation">How the answer is sampled and where it stops.</param>
/// <param name="HasOneCall">Whether the answer ends after its first tool call.</param>
/// <param name="HidesReasoning">Whether the response omits the reasoning.</param>
internal sealed record ChatRequest(
    string? SystemPrompt,
    IReadOnlyList<ModelMessage> Messages,
    IReadOnlyList<ToolDefinition> Tools,
    GenerationOptions Generation,
    bool HasOneCall,
    bool HidesReasoning)
{
    /// <summary>
    /// Gets the number of messages that a conversation shares with the request, if the request continues it or repeats its last answer;
    /// otherwise 0.
    /// </summary>
    public int CountContinued(ChatSession chat)
    {
        // The caller may send the last answer back in another form, without its reasoning for example.
        int common = chat.SystemPrompt == SystemPrompt ? CountCommon(chat) : 0;
        return common >= chat.Messages.Count - 1 ? common : 0;
    }

    /// <summary>Replaces the messages of a conversation by those of the request, as far as they differ, and asks for the answer.</summary>
    public GenerationStream SendTo(ChatSession chat, CancellationToken cancellationToken)
    {
        int common = CountCommon(chat);
        for (int i = chat.Messages.Count - 1; i >= common; i--)
        {
            chat.RemoveAt(i);
        }

        chat.AddRange(Messages.Skip(common));
        chat.SystemPrompt = SystemPrompt;
        chat.Tools = Tools;
        chat.Options = Generation;
        return chat.Send(cancellationToken);
    }

    private int CountCommon(ChatSession chat) =>
        chat.Messages.Zip(Messages).TakeWhile(static pair => pair.First == pair.Second).Count();
}
