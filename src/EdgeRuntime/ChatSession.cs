using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

/// <summary>
/// Represents a conversation over a <see cref="ModelSession"/>: keeps the messages, renders them with the chat template of the model, and
/// streams the answers. Each turn computes only the new tokens.
/// </summary>
/// <remarks>
/// <para>
/// A conversation is data: messages can be added, replaced and removed between answers. What the model has generated keeps its tokens, so
/// an edit computes only what follows it.
/// </para>
/// <para>
/// One thread at a time may use a conversation and its session. A conversation made by <see cref="LanguageModel.CreateChat"/> owns its
/// session and disposes it; one made by the constructor does not.
/// </para>
/// <para>
/// From the first step of an answer to its end, the conversation and its session refuse all other calls, on any thread, and the answer
/// goes on. An answer ends with its last token, with an exception, or when its enumerator is disposed. One whose enumerator is neither
/// read to the end nor disposed keeps both busy until the conversation is disposed.
/// </para>
/// <para>A model without a chat template is a base model, which knows no roles. It continues the texts of all messages, joined by line
/// ends, as plain text, and <see cref="HasTemplate"/> is false.</para>
/// <para>If a conversation outgrows the context, <c>Send</c> refuses the next message. With
/// <see cref="GenerationOptions.ContextShift"/>, the prompt omits the oldest messages instead, except system messages at the start.
/// <see cref="Messages"/> still contains them.</para>
/// <para>The content of messages enters the prompt as plain text. The spelling of a control token (<c>&lt;|im_end|&gt;</c>) never becomes
/// that token. For raw prompts, see <see cref="GenerationOptions.ParseSpecial"/>.</para>
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// using ChatSession chat = model.CreateChat();
/// chat.SystemPrompt = "Answer in one sentence.";
/// foreach (GeneratedToken token in chat.Send("Why is the sky blue?"))
/// {
///     Console.Write(token.Text);
/// }
/// </code>
/// </example>
public sealed partial class ChatSession : IDisposable
{
    private readonly ModelSession _session;
    private readonly bool _ownsSession;
    private readonly ChatPrompt _prompt;
    private readonly List<ModelMessage> _messages = [];
    private readonly UseGuard _guard = new(nameof(ChatSession));
    private GenerationPipeline _pipeline;
    private GenerationOptions _options;
    private ToolDefinition[] _tools = [];
    private int _turn; // counts the changes of the conversation
    private int _forgotten; // messages at the start that the prompt omits, because the context has no room for them
    private volatile Turn? _answering; // from the first step of an answer to its end

    /// <summary>Initializes a conversation over a session.</summary>
    /// <param name="session">The session, whose KV cache the conversation uses. The caller keeps ownership.</param>
    /// <param name="options">The options, or null for the defaults.</param>
    /// <param name="history">The messages so far, oldest first, or null for an empty conversation.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of range or contradicts another one, or the role of a message is unknown.
    /// </exception>
    /// <exception cref="UnsupportedModelException">The tokenizer of the model is not supported.</exception>
    public ChatSession(ModelSession session, GenerationOptions? options = null, IEnumerable<ModelMessage>? history = null)
        : this(session, options, history, ownsSession: false)
    {
    }

    internal ChatSession(ModelSession session, GenerationOptions? options, IEnumerable<ModelMessage>? history, bool ownsSession)
    {
        ArgumentNullException.ThrowIfNull(session);
        _session = session;
        _ownsSession = ownsSession;
        _options = options ?? new GenerationOptions();
        _pipeline = new GenerationPipeline(session, _options);
        HasTemplate = _options.ApplyTemplate && session.Model.ChatTemplate is not null;
        _prompt = _options.CreatePrompt(session.Model.Tokenizer, session.Model.ChatTemplate);
        Messages = _messages.AsReadOnly();
        AddRange(history ?? []);
    }

    /// <summary>Gets the session, whose KV cache the conversation uses.</summary>
    public ModelSession Session => _session;

    /// <summary>
    /// Gets a value indicating whether messages are rendered with the chat template of the model. If false, they are continued as plain
    /// text.
    /// </summary>
    public bool HasTemplate { get; }

    /// <summary>
    /// Gets or sets how answers are sampled and where they stop. Setting the options restarts the random generator. Messages keep the
    /// format that the first options set (<see cref="GenerationOptions.ApplyTemplate"/>, <see cref="GenerationOptions.ParseSpecial"/>).
    /// </summary>
    public GenerationOptions Options
    {
        get => _options;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            using UseGuard.Scope call = EnterBetweenAnswers();
            _pipeline = new GenerationPipeline(_session, value);
            _options = value;
        }
    }

    /// <summary>Gets the result of the last answer, or null before the end of the first one.</summary>
    public GenerationResult? Result { get; private set; }

    /// <summary>
    /// Sends a message of the user and streams the answer. It is lazy: each step of its enumeration computes a token.
    /// </summary>
    /// <param name="text">The message of the user.</param>
    /// <param name="cancellationToken">
    /// Cancels the answer within a token. The conversation keeps the text generated so far. If there is none, it drops the message.
    /// </param>
    /// <inheritdoc cref="Send(ModelMessage, CancellationToken)" path="/returns"/>
    /// <inheritdoc cref="Send(ModelMessage, CancellationToken)" path="/exception"/>
    public GenerationStream Send(string text, CancellationToken cancellationToken = default) =>
        Send(ModelMessage.User(text), cancellationToken);

    /// <summary>Sends a message, for example the result of a tool, and streams the answer.</summary>
    /// <param name="message">The message. The conversation contains it once its answer has begun.</param>
    /// <param name="cancellationToken">
    /// Ends the answer within a token. The conversation keeps the tokens generated so far. If there are none, it drops the message.
    /// </param>
    /// <returns>The answer. Its enumeration throws the exceptions of <see cref="GenerationStream.Complete"/>.</returns>
    /// <exception cref="ArgumentException">The role of the message is unknown.</exception>
    /// <exception cref="ContextFullException">The conversation is longer than the context. The conversation is unchanged.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation. The conversation is unchanged.</exception>
    /// <exception cref="InvalidOperationException">
    /// An answer is in progress, another thread uses the conversation or its session, or other code has used one of them since the last
    /// step of the answer.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The conversation or its session is disposed.</exception>
    public GenerationStream Send(ModelMessage message, CancellationToken cancellationToken = default)
    {
        Check(message);
        using UseGuard.Scope call = EnterBetweenAnswers();
        return Answer(_messages.Count, message, cancellationToken);
    }

    /// <summary>Streams the answer to the messages as they are, for example after the results of tools were added.</summary>
    /// <param name="cancellationToken">
    /// Ends the answer within a token. The conversation keeps the tokens generated so far.
    /// </param>
    /// <returns>The answer. Its enumeration throws the exceptions of <see cref="GenerationStream.Complete"/>.</returns>
    /// <exception cref="InvalidOperationException">
    /// There is nothing to answer: the conversation is empty or ends with an answer. Or an answer is in progress, another thread uses the
    /// conversation or its session, or other code has used one of them since the last step of the answer.
    /// </exception>
    /// <inheritdoc cref="Send(ModelMessage, CancellationToken)" path="/exception"/>
    public GenerationStream Send(CancellationToken cancellationToken = default)
    {
        using UseGuard.Scope call = EnterBetweenAnswers();
        if (_messages.Count == 0 || _messages[^1].Role == "assistant")
        {
            throw new InvalidOperationException(
                $"the conversation {(_messages.Count == 0 ? "is empty" : "ends with an answer")}; add a message that can be answered");
        }

        return Answer(_messages.Count, question: null, cancellationToken);
    }

    /// <summary>
    /// Streams another answer to the last message that is not an answer. The new answer replaces the old one, unless it is cancelled before
    /// its first token.
    /// </summary>
    /// <param name="cancellationToken">Ends the answer within a token.</param>
    /// <returns>The answer. Its enumeration throws the exceptions of <see cref="GenerationStream.Complete"/>.</returns>
    /// <exception cref="InvalidOperationException">
    /// There is no message yet, an answer is in progress, another thread uses the conversation or its session, or other code has used one
    /// of them since the last step.
    /// </exception>
    public GenerationStream Regenerate(CancellationToken cancellationToken = default)
    {
        using UseGuard.Scope call = EnterBetweenAnswers();
        int asked = _messages.FindLastIndex(message => message.Role != "assistant");
        if (asked < 0)
        {
            throw new InvalidOperationException("there is no answer to repeat: nothing was said yet");
        }

        return Answer(asked + 1, question: null, cancellationToken);
    }

    /// <summary>
    /// Ends the conversation. If it owns its session, disposes the session: an answer in progress throws
    /// <see cref="ObjectDisposedException"/> at its next step. The messages remain readable. A second call does nothing.
    /// </summary>
    public void Dispose()
    {
        if (!_guard.Close())
        {
            return;
        }

        if (_ownsSession)
        {
            _session.Dispose();
        }
        else if (_answering is { } answer)
        {
            SessionGuard.Release(answer);
        }
    }

    private UseGuard SessionGuard => ((ISequenceState)_session).Guard;

    /// <summary>Creates the answer to the first <paramref name="before"/> messages and a question that follows them.</summary>
    private GenerationStream Answer(int before, ModelMessage? question, CancellationToken cancellationToken)
    {
        int quarter = _session.ContextLength / 4;
        int most = _session.ContextLength - Math.Min(_options.MaxTokens ?? quarter, quarter);

        // The turn that is answered is never omitted: the last message of the user and what follows it.
        int end = question?.Role == "user"
            ? before
            : Math.Max(_messages.FindLastIndex(before - 1, message => message.Role == "user"), 0);
        _forgotten = Math.Min(_forgotten, end);
        int[] prompt = _prompt.Encode(Conversation(before, question), _tools);
        while (_options.ContextShift && prompt.Length > most && _forgotten < end)
        {
            // Down to half of the context at once: the remaining prompt is recomputed, which should not happen at every turn.
            most = _session.ContextLength / 2;
            int next = _messages.FindIndex(_forgotten + 1, message => message.Role == "user");
            _forgotten = next < 0 ? end : Math.Min(next, end);
            prompt = _prompt.Encode(Conversation(before, question), _tools);
        }

        return _pipeline.Generate(prompt, new Turn(this, ++_turn, before, question), cancellationToken);
    }

    /// <summary>Gets the messages of a prompt: the system messages at the start, and those that are not forgotten.</summary>
    private List<ModelMessage> Conversation(int before, ModelMessage? question)
    {
        List<ModelMessage> conversation = [];
        if (!string.IsNullOrEmpty(SystemPrompt))
        {
            conversation.Add(ModelMessage.System(SystemPrompt));
        }

        int other = _messages.FindIndex(0, before, message => message.Role is not ("system" or "developer"));
        int system = other < 0 ? before : other;
        conversation.AddRange(_messages[..system]);
        conversation.AddRange(_messages[Math.Max(_forgotten, system)..before]);
        if (question is not null)
        {
            conversation.Add(question);
        }

        return conversation;
    }

    /// <summary>Adds an answer to the conversation.</summary>
    private void Keep(GenerationResult result, int before, ModelMessage? question, ReadOnlySpan<int> ids)
    {
        Result = result;
        if (ids.IsEmpty && result.FinishReason == FinishReason.Cancelled)
        {
            return;
        }

        _messages.RemoveRange(before, _messages.Count - before);
        if (question is not null)
        {
            _messages.Add(question);
        }

        (ModelMessage answer, string spelling) = Read(result, ids);
        _messages.Add(answer);

        // Before a stop sequence, the tokens contain more text than the next prompt will.
        if (result.FinishReason != FinishReason.StopSequence)
        {
            _prompt.Append(ids, spelling);
        }
    }

    /// <summary>One answer of the conversation: what it answers and where it goes.</summary>
    private sealed class Turn(ChatSession chat, int turn, int before, ModelMessage? question) : IConversation
    {
        private bool _hasBegun;

        public void Begin()
        {
            using UseGuard.Scope call = chat.EnterBetweenAnswers();
            if (turn != chat._turn)
            {
                throw new InvalidOperationException("the conversation has changed since this message was sent; send it again");
            }

            _hasBegun = true;
            chat._answering = this;
            chat.SessionGuard.Hold(this);
        }

        public void End(GenerationResult result, ReadOnlySpan<int> ids)
        {
            if (_hasBegun)
            {
                // No other call changes the conversation meanwhile.
                try
                {
                    chat.Keep(result, before, question, ids);
                }
                finally
                {
                    chat.SessionGuard.Release(this);
                    chat._answering = null;
                }
            }
        }
    }
}
