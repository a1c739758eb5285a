using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using EdgeRuntime.Generation;
using EdgeRuntime.Templates.Library;
using EdgeRuntime.Threading;

namespace EdgeRuntime;

public sealed partial class ChatSession
{
    /// <summary>
    /// Gets the messages, oldest first, as a live view. It contains system messages that were added, but not <see cref="SystemPrompt"/>.
    /// </summary>
    public IReadOnlyList<ModelMessage> Messages { get; }

    /// <summary>
    /// Gets or sets the system message in front of all messages. If it is null or empty, the default of the template applies. The default
    /// is null.
    /// </summary>
    public string? SystemPrompt { get; set; }

    /// <summary>
    /// Gets or sets the tools that the template describes to the model. The default is none. If the template has no place for tools
    /// (<see cref="ChatTemplate.SupportsTools"/>), the model does not know of them, and the log has a warning.
    /// </summary>
    /// <remarks>
    /// The conversation does not call tools. The message of an answer lists the calls that the model requests
    /// (<see cref="ModelMessage.ToolCalls"/>), if the marks of its template are known (<see cref="ToolCallParser"/>). If the template does
    /// not show such a list to the model, the content of the message has the calls as well, as the model wrote them.
    /// Add the results as messages, then call <see cref="Send(CancellationToken)"/>.
    /// </remarks>
    /// <exception cref="InvalidOperationException">An answer is in progress.</exception>
    public IReadOnlyList<ToolDefinition> Tools
    {
        get => _tools;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            using UseGuard.Scope call = EnterBetweenAnswers();
            ToolDefinition[] tools = [.. value];
            foreach (ToolDefinition tool in tools)
            {
                ArgumentNullException.ThrowIfNull(tool, nameof(value));
            }

            if (tools.Length > 0 && !(HasTemplate && _session.Model.ChatTemplate!.SupportsTools))
            {
                ModelLog.ToolsIgnored(_session.Model.Logger);
            }

            _tools = tools;
        }
    }

    /// <summary>Adds a message at the end, which the next call of <see cref="Send(CancellationToken)"/> answers.</summary>
    /// <param name="message">The message.</param>
    /// <exception cref="ArgumentException">The role is unknown; the message lists the known ones.</exception>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    /// <exception cref="ObjectDisposedException">The conversation is disposed.</exception>
    public void Add(ModelMessage message) => AddRange([message]);

    /// <summary>Adds messages at the end, for example those of another conversation.</summary>
    /// <param name="messages">The messages, oldest first.</param>
    /// <inheritdoc cref="Add" path="/exception"/>
    public void AddRange(IEnumerable<ModelMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ModelMessage[] added = [.. messages];
        Check(added);
        using UseGuard.Scope call = EnterBetweenAnswers();
        Splice(_messages.Count, 0, added);
    }

    /// <summary>Inserts a message.</summary>
    /// <param name="index">The index of the new message, 0 to the number of messages.</param>
    /// <param name="message">The message.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is out of range.</exception>
    /// <inheritdoc cref="Add" path="/exception"/>
    public void Insert(int index, ModelMessage message)
    {
        Check(message);
        using UseGuard.Scope call = EnterBetweenAnswers();
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)index, (uint)_messages.Count, nameof(index));
        Splice(index, 0, [message]);
    }

    /// <summary>
    /// Replaces a message, for example to correct an answer. The next answer computes only the tokens from the replaced message on.
    /// </summary>
    /// <param name="index">The index of the message.</param>
    /// <param name="message">The new message.</param>
    /// <inheritdoc cref="Insert" path="/exception"/>
    public void Replace(int index, ModelMessage message)
    {
        Check(message);
        using UseGuard.Scope call = EnterBetweenAnswers();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_messages.Count, nameof(index));
        Splice(index, 1, [message]);
    }

    /// <summary>Removes a message.</summary>
    /// <param name="index">The index of the message.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is out of range.</exception>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    /// <exception cref="ObjectDisposedException">The conversation is disposed.</exception>
    public void RemoveAt(int index)
    {
        using UseGuard.Scope call = EnterBetweenAnswers();
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_messages.Count, nameof(index));
        Splice(index, 1, []);
    }

    /// <summary>Removes the last message of the user and all messages after it.</summary>
    /// <returns>False if there is no message of the user.</returns>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    /// <exception cref="ObjectDisposedException">The conversation is disposed.</exception>
    public bool RemoveLastTurn()
    {
        using UseGuard.Scope call = EnterBetweenAnswers();
        int question = _messages.FindLastIndex(message => message.Role == "user");
        if (question >= 0)
        {
            Splice(question, _messages.Count - question, []);
        }

        return question >= 0;
    }

    /// <summary>Removes all messages. <see cref="SystemPrompt"/> and <see cref="Tools"/> remain.</summary>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    /// <exception cref="ObjectDisposedException">The conversation is disposed.</exception>
    public void Clear()
    {
        using UseGuard.Scope call = EnterBetweenAnswers();
        Splice(0, _messages.Count, []);
    }

    /// <summary>
    /// Writes <see cref="SystemPrompt"/> and all messages to a JSON file. If writing fails, an existing file is unchanged.
    /// </summary>
    /// <param name="path">The path of the file to create or replace.</param>
    /// <exception cref="IOException">The file can't be written.</exception>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    public void Save(string path)
    {
        using UseGuard.Scope call = EnterBetweenAnswers();
        ChatFile.Write(path, SystemPrompt, _messages);
    }

    /// <summary>Writes <see cref="SystemPrompt"/> and all messages as JSON to a stream, which stays open.</summary>
    /// <param name="destination">The stream, for example a blob of a database. It need not be seekable.</param>
    /// <exception cref="IOException">The stream can't be written.</exception>
    /// <exception cref="NotSupportedException">The stream is not writable.</exception>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    public void Save(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using UseGuard.Scope call = EnterBetweenAnswers();
        ChatFile.Write(destination, SystemPrompt, _messages);
    }

    /// <summary>
    /// Replaces <see cref="SystemPrompt"/> and all messages by those of a file that <see cref="Save(string)"/> wrote. If this fails, the
    /// conversation is unchanged.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="InvalidDataException">The file is not a saved conversation, or a message has an unknown role.</exception>
    /// <exception cref="IOException">The file can't be read, is not a regular file, or is larger than 64 MiB.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    public void Load(string path) => Restore(ChatFile.Read(path));

    /// <summary>
    /// Replaces <see cref="SystemPrompt"/> and all messages by those that <see cref="Save(Stream)"/> or <see cref="Save(string)"/> wrote.
    /// If this fails, the conversation is unchanged.
    /// </summary>
    /// <param name="source">The stream, read from its position to its end. It need not be seekable, and stays open.</param>
    /// <exception cref="InvalidDataException">
    /// The stream has no saved conversation, or only a part of one, or a message has an unknown role.
    /// </exception>
    /// <exception cref="IOException">The stream can't be read, or has more than 64 MiB.</exception>
    /// <exception cref="NotSupportedException">The stream is not readable.</exception>
    /// <exception cref="InvalidOperationException">An answer is in progress, or another thread uses the conversation.</exception>
    public void Load(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Restore(ChatFile.Read(source));
    }

    private void Restore((string? System, List<ModelMessage> Messages) saved)
    {
        using UseGuard.Scope call = EnterBetweenAnswers();
        Splice(0, _messages.Count, saved.Messages);
        SystemPrompt = saved.System;
    }

    /// <summary>
    /// Makes the message of an answer, in which reasoning and tool calls are structure, and gets the text that the next prompt has for it.
    /// </summary>
    private (ModelMessage Message, string Spelling) Read(GenerationResult result, ReadOnlySpan<int> ids)
    {
        if (!HasTemplate || ToolCallParser.For(_session.Model.ChatTemplate!, _tools) is not { } parser)
        {
            return (ModelMessage.Assistant(result.Text), result.Text);
        }

        // Many models write the marks of calls as control tokens. The text of the answer has none, but ends where a stop sequence begins.
        bool isStopped = result.FinishReason == FinishReason.StopSequence;
        string spelling = isStopped ? result.Text : _session.Model.Tokenizer.Decode(ids, special: true);
        parser.Append(spelling);
        parser.Complete();
        if (parser.Warning is { } warning)
        {
            ModelLog.MalformedCall(_session.Model.Logger, warning);
        }

        ModelMessage message = parser.Message;
        if (message.ToolCalls.Count == 0 && message.Reasoning is null && (parser.Warning is not null || message.Content == spelling))
        {
            return (ModelMessage.Assistant(result.Text), result.Text);
        }

        // If the template does not show calls, the content must, or the model would not know of them.
        bool areShown = message.ToolCalls.Count == 0 || _session.Model.ChatTemplate!.ShowsCalls;
        return (areShown ? message : message with { Content = spelling }, spelling);
    }

    /// <summary>Replaces <paramref name="count"/> messages from an index on by other ones.</summary>
    private void Splice(int index, int count, IReadOnlyList<ModelMessage> messages)
    {
        _turn++;
        _messages.RemoveRange(index, count);
        _messages.InsertRange(index, messages);
        if (index < _forgotten)
        {
            _forgotten = 0; // the next answer finds out again what the context has room for
        }
    }

    private static void Check(params ReadOnlySpan<ModelMessage> messages)
    {
        foreach (ModelMessage message in messages)
        {
            ArgumentNullException.ThrowIfNull(message, nameof(messages));
            if (!MessageRoles.IsKnown(message.Role))
            {
                throw new ArgumentException($"the role of the message is \"{message.Role}\", expected one of: {MessageRoles.List}");
            }
        }
    }

    /// <summary>Starts a call that is refused during an answer.</summary>
    private UseGuard.Scope EnterBetweenAnswers()
    {
        UseGuard.Scope call = _guard.Enter();
        if (_answering is null)
        {
            return call;
        }

        call.Dispose();
        throw new InvalidOperationException(
            "ChatSession: an answer is in progress; finish or cancel its enumeration (or dispose its enumerator) before the next call");
    }
}
