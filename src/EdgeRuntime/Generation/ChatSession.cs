using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using EdgeRuntime.Generation;
using EdgeRuntime.Threading;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime;

/// <summary>
/// A conversation over a <see cref="ModelSession"/>: keeps the messages, renders them with the model's chat template and streams the
/// answers. From turn to turn only new tokens are computed. For one thread at a time, as its session is; it does not own the session.
/// </summary>
/// <remarks>
/// A model without a chat template is a base model, which knows no roles: the texts of all messages, joined by line ends, are continued as
/// plain text (<see cref="HasTemplate"/> says so). When a conversation outgrows the context, the next message is refused; with
/// <see cref="GenerationOptions.ContextShift"/> the prompt leaves out the oldest messages instead, which <see cref="Messages"/> still
/// shows. What messages say enters the prompt as plain text: a written-out control token (<c>&lt;|im_end|&gt;</c>) stays what was written,
/// see <see cref="GenerationOptions.ParseSpecial"/> for raw prompts.
/// </remarks>
public sealed class ChatSession
{
    private readonly ModelSession _session;
    private readonly ChatPrompt _prompt;
    private readonly List<ChatMessage> _messages = [];
    private Generator _generator;
    private GenerationOptions _options;
    private readonly UseGuard _guard = new(nameof(ChatSession));
    private int _turn; // counts what changes the conversation
    private int _forgotten; // messages at the start that the prompt leaves out, because the context has no room for them

    /// <param name="session">Its KV cache serves the conversation.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">A setting makes no sense.</exception>
    public ChatSession(ModelSession session, GenerationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        _session = session;
        _options = options ?? new GenerationOptions();
        _generator = new Generator(session, _options);
        HasTemplate = _options.ApplyTemplate && session.Model.ChatTemplate is not null;
        _prompt = ChatPrompt.Create(session.Model.Tokenizer, session.Model.ChatTemplate, _options);
    }

    /// <summary>Whether messages are put into the model's chat template; otherwise they are continued as plain text.</summary>
    public bool HasTemplate { get; }

    /// <summary>What was said, oldest first, without the system message.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>The system message; null or empty: none is given, and the template's own default holds.</summary>
    public string? System { get; set; }

    /// <summary>How answers are sampled and where they stop; setting them starts the random generator anew.</summary>
    public GenerationOptions Options
    {
        get => _options;
        set
        {
            using UseGuard.Scope call = _guard.Enter();
            _generator = new Generator(_session, value);
            _options = value;
        }
    }

    /// <summary>What the last answer was and cost; null before the first has ended.</summary>
    public GenerationResult? Result { get; private set; }

    /// <summary>Says something and streams the answer, lazily: each step of the enumeration computes a token.</summary>
    /// <param name="text">The user's message.</param>
    /// <param name="cancellationToken">
    /// Ends the answer within a token. What came of it stays in the conversation; where nothing came, the message is taken back.
    /// </param>
    /// <exception cref="ContextFullException">The conversation is longer than the context; it is as before the call.</exception>
    /// <exception cref="ChatTemplateException">The template refused the conversation; it is as before the call.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another thread uses the conversation or its session, or one of them was used for something else since the answer's last step.
    /// </exception>
    public IEnumerable<GeneratedToken> Send(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        using UseGuard.Scope call = _guard.Enter();
        return Answer(_messages.Count, new ChatMessage("user", text), cancellationToken);
    }

    /// <summary>Streams another answer to the last message; it replaces the old one where anything comes of it.</summary>
    /// <exception cref="InvalidOperationException">Nothing was said yet.</exception>
    public IEnumerable<GeneratedToken> Regenerate(CancellationToken cancellationToken = default)
    {
        using UseGuard.Scope call = _guard.Enter();
        int asked = _messages.FindLastIndex(m => m.Role == "user");
        if (asked < 0)
        {
            throw new InvalidOperationException("there is no answer to repeat: nothing was said yet");
        }

        return Answer(asked, _messages[asked], cancellationToken);
    }

    /// <summary>Takes back the last message and its answer; false where there is none.</summary>
    public bool Undo()
    {
        using UseGuard.Scope call = _guard.Enter();
        _turn++;
        int asked = _messages.FindLastIndex(m => m.Role == "user");
        _messages.RemoveRange(Math.Max(asked, 0), _messages.Count - Math.Max(asked, 0));
        return asked >= 0;
    }

    /// <summary>Forgets all messages; the system message stays.</summary>
    public void Clear()
    {
        using UseGuard.Scope call = _guard.Enter();
        _turn++;
        _messages.Clear();
        _forgotten = 0;
    }

    /// <summary>Writes system message and messages to a JSON file. Where that fails, an older file is as it was.</summary>
    /// <exception cref="System.IO.IOException">It can't be written.</exception>
    public void Save(string path)
    {
        using UseGuard.Scope call = _guard.Enter();
        ChatFile.Write(path, System, _messages);
    }

    /// <summary>Replaces system message and messages by those of a file that <see cref="Save"/> wrote.</summary>
    /// <exception cref="System.IO.InvalidDataException">Not such a file; the conversation is unchanged.</exception>
    /// <exception cref="System.IO.IOException">
    /// It can't be read, is no regular file, or is larger than 64 MiB; the conversation is unchanged.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder; the conversation is unchanged.</exception>
    public void Load(string path)
    {
        using UseGuard.Scope call = _guard.Enter();
        (string? system, List<ChatMessage> messages) = ChatFile.Read(path);
        System = system;
        Clear();
        _messages.AddRange(messages);
    }

    /// <summary>Streams an answer to a question that stands behind the first <paramref name="before"/> messages.</summary>
    private IEnumerable<GeneratedToken> Answer(int before, ChatMessage question, CancellationToken cancellationToken)
    {
        int quarter = _session.ContextLength / 4;
        int most = _session.ContextLength - Math.Min(_options.MaxTokens ?? quarter, quarter);
        _forgotten = Math.Min(_forgotten, before);
        IReadOnlyList<int> prompt = _prompt.Encode(Conversation(before, question));
        while (_options.ContextShift && prompt.Count > most && _forgotten < before)
        {
            // Down to half of the context at once: the rest must be computed anew, and should not be so at every turn.
            most = _session.ContextLength / 2;
            int next = _messages.FindIndex(_forgotten + 1, m => m.Role == "user");
            _forgotten = next < 0 ? before : Math.Min(next, before);
            prompt = _prompt.Encode(Conversation(before, question));
        }

        return Stream(++_turn, before, question, prompt, cancellationToken);
    }

    private List<ChatMessage> Conversation(int before, ChatMessage question)
    {
        List<ChatMessage> conversation = [];
        if (!string.IsNullOrEmpty(System))
        {
            conversation.Add(new ChatMessage("system", System));
        }

        conversation.AddRange(_messages[_forgotten..before]);
        conversation.Add(question);
        return conversation;
    }

    private IEnumerable<GeneratedToken> Stream(
        int turn, int before, ChatMessage question, IReadOnlyList<int> prompt, CancellationToken cancellationToken)
    {
        List<int> ids = [];
        StringBuilder text = new();
        Generator generator = _generator;
        if (turn != _turn)
        {
            throw new InvalidOperationException("the conversation has changed since this message was sent; send it again");
        }

        try
        {
            foreach (GeneratedToken token in generator.Generate(prompt, cancellationToken))
            {
                text.Append(token.Text);
                if (token.Id >= 0 && !_session.Model.Tokenizer.IsEndOfGeneration(token.Id))
                {
                    ids.Add(token.Id);
                }

                yield return token;
            }
        }
        finally
        {
            Keep(turn, generator.Result, before, question, ids, text.ToString());
        }
    }

    /// <summary>Takes an answer into the conversation, unless that has changed since the answer began.</summary>
    private void Keep(int turn, GenerationResult? result, int before, ChatMessage question, List<int> ids, string text)
    {
        using UseGuard.Scope call = _guard.Enter();
        if (turn != _turn)
        {
            return;
        }

        Result = result;
        if (ids.Count == 0 && Result?.StopReason is null or StopReason.Cancelled)
        {
            return;
        }

        _messages.RemoveRange(before, _messages.Count - before);
        _messages.Add(question);
        _messages.Add(new ChatMessage("assistant", text));

        // Before a stop string the tokens hold more than the text that the next prompt will show.
        if (Result!.StopReason != StopReason.StopText)
        {
            _prompt.Append(CollectionsMarshal.AsSpan(ids), text);
        }
    }
}
