using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Generation;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

/// <summary>
/// Represents a conversation over a <see cref="ModelSession"/>: keeps the messages, renders them with the chat template of the model, and
/// streams the answers. Each turn computes only the new tokens.
/// </summary>
/// <remarks>
/// <para>A conversation and its session serve one call at a time. The conversation does not own the session.</para>
/// <para>A model without a chat template is a base model, which knows no roles. It continues the texts of all messages, joined by line
/// ends, as plain text, and <see cref="HasTemplate"/> is false.</para>
/// <para>If a conversation outgrows the context, <see cref="Send"/> refuses the next message. With
/// <see cref="GenerationOptions.ContextShift"/>, the prompt omits the oldest messages instead. <see cref="Messages"/> still contains
/// them.</para>
/// <para>The content of messages enters the prompt as plain text. The spelling of a control token (<c>&lt;|im_end|&gt;</c>) never becomes
/// that token. For raw prompts, see <see cref="GenerationOptions.ParseSpecial"/>.</para>
/// </remarks>
public sealed class ChatSession
{
    private readonly ModelSession _session;
    private readonly ChatPrompt _prompt;
    private readonly List<ModelMessage> _messages = [];
    private GenerationPipeline _pipeline;
    private GenerationOptions _options;
    private readonly UseGuard _guard = new(nameof(ChatSession));
    private int _turn; // counts the changes of the conversation
    private int _forgotten; // messages at the start that the prompt omits, because the context has no room for them

    /// <summary>Initializes an empty conversation.</summary>
    /// <param name="session">The session, whose KV cache the conversation uses. The caller keeps ownership.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of range or contradicts another one.</exception>
    /// <exception cref="UnsupportedModelException">The tokenizer of the model is not supported.</exception>
    public ChatSession(ModelSession session, GenerationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        _session = session;
        _options = options ?? new GenerationOptions();
        _pipeline = new GenerationPipeline(session, _options);
        HasTemplate = _options.ApplyTemplate && session.Model.ChatTemplate is not null;
        _prompt = _options.CreatePrompt(session.Model.Tokenizer, session.Model.ChatTemplate);
    }

    /// <summary>
    /// Gets a value indicating whether messages are rendered with the chat template of the model. If false, they are continued as plain
    /// text.
    /// </summary>
    public bool HasTemplate { get; }

    /// <summary>Gets the messages of user and model, oldest first, without the system message.</summary>
    public IReadOnlyList<ModelMessage> Messages => _messages;

    /// <summary>Gets or sets the system message. If it is null or empty, the default of the template applies.</summary>
    public string? SystemPrompt { get; set; }

    /// <summary>
    /// Gets or sets how answers are sampled and where they stop. Setting the options restarts the random generator. Messages keep the
    /// format that the first options set (<see cref="GenerationOptions.ApplyTemplate"/>, <see cref="GenerationOptions.ParseSpecial"/>).
    /// </summary>
    public GenerationOptions Options
    {
        get => _options;
        set
        {
            using UseGuard.Scope call = _guard.Enter();
            ArgumentNullException.ThrowIfNull(value);
            _pipeline = new GenerationPipeline(_session, value);
            _options = value;
        }
    }

    /// <summary>Gets the result of the last answer, or null before the end of the first one.</summary>
    public GenerationResult? Result { get; private set; }

    /// <summary>Sends a message and streams the answer. It is lazy: each step of its enumeration computes a token.</summary>
    /// <param name="text">The message of the user.</param>
    /// <param name="cancellationToken">
    /// Cancels the answer within a token. The conversation keeps the text generated so far. If there is none, it drops the message.
    /// </param>
    /// <returns>The answer. Its enumeration throws the exceptions of <see cref="GenerationStream.Complete"/>.</returns>
    /// <exception cref="ContextFullException">The conversation is longer than the context. The conversation is unchanged.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation. The conversation is unchanged.</exception>
    /// <exception cref="InvalidOperationException">Another call of the conversation is running.</exception>
    public GenerationStream Send(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        using UseGuard.Scope call = _guard.Enter();
        return Answer(_messages.Count, new ModelMessage("user", text), cancellationToken);
    }

    /// <summary>
    /// Streams another answer to the last message. The new answer replaces the old one, unless it is cancelled before its first token.
    /// </summary>
    /// <param name="cancellationToken">Cancels the answer within a token.</param>
    /// <returns>The answer. Its enumeration throws the exceptions of <see cref="GenerationStream.Complete"/>.</returns>
    /// <exception cref="InvalidOperationException">There is no message yet, or another call of the conversation is running.</exception>
    public GenerationStream Regenerate(CancellationToken cancellationToken = default)
    {
        using UseGuard.Scope call = _guard.Enter();
        int asked = _messages.FindLastIndex(m => m.Role == "user");
        if (asked < 0)
        {
            throw new InvalidOperationException("there is no answer to repeat: nothing was said yet");
        }

        return Answer(asked, _messages[asked], cancellationToken);
    }

    /// <summary>Removes the last message of the user and its answer.</summary>
    /// <returns>False if there is no message.</returns>
    public bool RemoveLastTurn()
    {
        using UseGuard.Scope call = _guard.Enter();
        _turn++;
        int asked = _messages.FindLastIndex(m => m.Role == "user");
        _messages.RemoveRange(Math.Max(asked, 0), _messages.Count - Math.Max(asked, 0));
        return asked >= 0;
    }

    /// <summary>Removes all messages except the system message.</summary>
    public void Clear()
    {
        using UseGuard.Scope call = _guard.Enter();
        Forget();
    }

    /// <summary>Writes the system message and all messages to a JSON file. If writing fails, an existing file is unchanged.</summary>
    /// <param name="path">The path of the file to create or replace.</param>
    /// <exception cref="System.IO.IOException">The file can't be written.</exception>
    public void Save(string path)
    {
        using UseGuard.Scope call = _guard.Enter();
        ChatFile.Write(path, SystemPrompt, _messages);
    }

    /// <summary>
    /// Replaces the system message and all messages by those of a file that <see cref="Save"/> wrote. If this fails, the conversation is
    /// unchanged.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="System.IO.InvalidDataException">The file is not a saved conversation.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read, is not a regular file, or is larger than 64 MiB.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public void Load(string path)
    {
        using UseGuard.Scope call = _guard.Enter();
        (string? system, List<ModelMessage> messages) = ChatFile.Read(path);
        SystemPrompt = system;
        Forget();
        _messages.AddRange(messages);
    }

    private void Forget()
    {
        _turn++;
        _messages.Clear();
        _forgotten = 0;
    }

    /// <summary>Creates the answer to a question that follows the first <paramref name="before"/> messages.</summary>
    private GenerationStream Answer(int before, ModelMessage question, CancellationToken cancellationToken)
    {
        int quarter = _session.ContextLength / 4;
        int most = _session.ContextLength - Math.Min(_options.MaxTokens ?? quarter, quarter);
        _forgotten = Math.Min(_forgotten, before);
        IReadOnlyList<int> prompt = _prompt.Encode(Conversation(before, question));
        while (_options.ContextShift && prompt.Count > most && _forgotten < before)
        {
            // Down to half of the context at once: the remaining prompt is recomputed, which should not happen at every turn.
            most = _session.ContextLength / 2;
            int next = _messages.FindIndex(_forgotten + 1, m => m.Role == "user");
            _forgotten = next < 0 ? before : Math.Min(next, before);
            prompt = _prompt.Encode(Conversation(before, question));
        }

        return _pipeline.Generate(prompt, new Turn(this, ++_turn, before, question), cancellationToken);
    }

    private List<ModelMessage> Conversation(int before, ModelMessage question)
    {
        List<ModelMessage> conversation = [];
        if (!string.IsNullOrEmpty(SystemPrompt))
        {
            conversation.Add(new ModelMessage("system", SystemPrompt));
        }

        conversation.AddRange(_messages[_forgotten..before]);
        conversation.Add(question);
        return conversation;
    }

    /// <summary>One answer of the conversation: what it answers and where it goes.</summary>
    private sealed class Turn(ChatSession chat, int turn, int before, ModelMessage question) : IConversation
    {
        public void Begin()
        {
            if (turn != chat._turn)
            {
                throw new InvalidOperationException("the conversation has changed since this message was sent; send it again");
            }
        }

        /// <summary>Adds the answer to the conversation, unless the conversation has changed since the answer began.</summary>
        public void End(GenerationResult result, ReadOnlySpan<int> ids)
        {
            using UseGuard.Scope call = chat._guard.Enter();
            if (turn == chat._turn)
            {
                chat.Keep(result, before, question, ids);
            }
        }
    }

    private void Keep(GenerationResult result, int before, ModelMessage question, ReadOnlySpan<int> ids)
    {
        Result = result;
        if (ids.IsEmpty && result.FinishReason == FinishReason.Cancelled)
        {
            return;
        }

        _messages.RemoveRange(before, _messages.Count - before);
        _messages.Add(question);
        _messages.Add(new ModelMessage("assistant", result.Text));

        // Before a stop sequence, the tokens contain more text than the next prompt will.
        if (result.FinishReason != FinishReason.StopSequence)
        {
            _prompt.Append(ids, result.Text);
        }
    }
}
