using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.AI;

namespace EdgeRuntime.Extensions.AI;

/// <summary>
/// Turns the tokens of an answer into contents: text and reasoning as they arrive, and each tool call when it is complete.
/// </summary>
internal sealed class AnswerReader
{
    private readonly ToolCallParser? _parser;
    private readonly SpelledText? _text;
    private readonly bool _hasOneCall;
    private readonly bool _hidesReasoning;
    private int _calls; // that were given

    /// <param name="chat">The conversation that answers.</param>
    /// <param name="request">The request that is answered.</param>
    public AnswerReader(ChatSession chat, ChatRequest request)
    {
        LanguageModel model = chat.Session.Model;
        _parser = chat.HasTemplate ? ToolCallParser.For(model.ChatTemplate!, request.Tools) : null;
        _text = _parser is null ? null : new SpelledText(model.Tokenizer);
        _hasOneCall = request.HasOneCall;
        _hidesReasoning = request.HidesReasoning;
    }

    /// <summary>Gets a value indicating whether the answer has all the calls that it may have.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Gets a value indicating whether the answer has called a tool.</summary>
    public bool HasCalls => _calls > 0;

    /// <summary>Reads a token and returns the contents that are certain now.</summary>
    public IList<AIContent> Read(GeneratedToken token)
    {
        if (_parser is not null)
        {
            return Convert(_parser.Append(_text!.Append(token)));
        }

        return token.Text.Length > 0 ? [new TextContent(token.Text)] : [];
    }

    /// <summary>Ends the answer and returns the remaining contents.</summary>
    public IList<AIContent> Complete() => _parser is null || IsComplete
        ? []
        : [.. Convert(_parser.Complete()), .. TakeCalls(_hasOneCall ? 1 : int.MaxValue)];

    private List<AIContent> Convert(IReadOnlyList<AnswerPart> parts)
    {
        List<AIContent> contents = [];
        foreach (AnswerPart part in parts)
        {
            if (part.Kind == AnswerPartKind.Content)
            {
                contents.Add(new TextContent(part.Text));
            }
            else if (part.Kind == AnswerPartKind.Reasoning && !_hidesReasoning)
            {
                contents.Add(new TextReasoningContent(part.Text));
            }
            else if (part is { Kind: AnswerPartKind.CallStart, CallIndex: > 0 })
            {
                contents.AddRange(TakeCalls(_hasOneCall ? 1 : part.CallIndex));
                IsComplete = _hasOneCall;
                if (IsComplete)
                {
                    break;
                }
            }
        }

        return contents;
    }

    /// <summary>Takes the finished calls that were not given yet, up to an index.</summary>
    private FunctionCallContent[] TakeCalls(int end)
    {
        FunctionCallContent[] calls = [.. _parser!.Message.ToolCalls.Take(end).Skip(_calls).Select(ToContent)];
        _calls += calls.Length;
        return calls;
    }

    // Where the model writes no ids, they are nine letters and digits, the form that the templates of Mistral require.
    private static FunctionCallContent ToContent(ToolCall call) => FunctionCallContent.CreateFromParsedArguments(
        call.Arguments, call.Id ?? Guid.NewGuid().ToString("N")[..9], call.Name, ContentJson.ReadArguments);
}
