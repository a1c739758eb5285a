using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace EdgeRuntime.Generation;

/// <summary>
/// Turns a conversation into prompt tokens: renders the chat template of the model and tokenizes the text. Without a template, the texts of
/// the messages are joined by line ends and continued as plain text, because base models know no roles. The content of messages is data: it
/// never becomes a control token, except in raw prompts that request it.
/// </summary>
/// <remarks>
/// The class remembers the tokens of prompts and answers. If the next conversation renders to a text that begins with theirs, it keeps
/// these ids and tokenizes only the new text. Tokenizing an answer again could split its text differently from the model, and the KV cache
/// could then not be reused. The ids of an answer are those that the model chose, so it does not matter which parts of its text the
/// template writes, as it writes the marks of tool calls.
/// </remarks>
internal sealed class ChatPrompt
{
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate? _template;
    private readonly bool _parsesSpecial;
    private readonly int? _begin;
    private readonly List<int> _ids = [];
    private readonly List<(int Text, int Ids)> _marks = []; // ends of prompts and answers: lengths of _text and of _ids
    private PromptText _text = PromptText.Parsed("");
    private TextRange _answer; // in _text, behind the last prompt

    /// <param name="tokenizer">The tokenizer of the model.</param>
    /// <param name="template">The chat template of the model, or null to continue plain text.</param>
    /// <param name="parsesSpecial">Whether the spelling of a control token becomes its id if there is no template.</param>
    public ChatPrompt(Tokenizer tokenizer, ChatTemplate? template, bool parsesSpecial = false)
    {
        _tokenizer = tokenizer;
        _template = template;
        _parsesSpecial = parsesSpecial;
        _begin = tokenizer.Encode("").FirstOrDefault(-1) is int first && first >= 0 && first == tokenizer.BeginOfSequence ? first : null;
    }

    /// <summary>Computes the prompt for the next answer.</summary>
    /// <param name="messages">The whole conversation, oldest message first.</param>
    /// <param name="tools">The tools that the model may call, or null for none. Plain text has no tools.</param>
    /// <returns>The token ids of the whole prompt.</returns>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public int[] Encode(IReadOnlyList<ModelMessage> messages, IReadOnlyList<ToolDefinition>? tools = null)
    {
        PromptText text = _template is null
            ? Join(messages)
            : _template.RenderPrompt(
                messages, tools, bosToken: PieceOf(_tokenizer.BeginOfSequence), eosToken: PieceOf(_tokenizer.EndOfSequence));
        PromptText comparable = text.WithData(_answer);
        while (!TryEncodeRest(text, comparable))
        {
            _marks.RemoveAt(_marks.Count - 1);
        }

        _text = text;
        _answer = default;
        _marks.Add((_text.Text.Length, _ids.Count));
        return [.. _ids];
    }

    /// <summary>Remembers the answer to the last prompt.</summary>
    /// <param name="ids">The token ids of the answer, without the token that ended it.</param>
    /// <param name="text">The text of these tokens.</param>
    public void Append(ReadOnlySpan<int> ids, string text)
    {
        _ids.AddRange(ids);
        _answer = new TextRange(_text.Text.Length, _text.Text.Length + text.Length);
        _text = _text.AppendData(text);
        _marks.Add((_text.Text.Length, _ids.Count));
    }

    /// <summary>
    /// Keeps the tokens up to the last mark and adds the tokens of the text behind it. Returns false if the text before the mark differs.
    /// </summary>
    private bool TryEncodeRest(PromptText text, PromptText comparable)
    {
        (int known, int tokens) = _marks.Count > 0 ? _marks[^1] : (0, 0);
        if (!comparable.StartsWith(_text, known))
        {
            return false;
        }

        int[] rest = known == 0 ? EncodeWhole(text) : _tokenizer.Encode(text.Slice(known), addSpecial: false);

        // A control token is a border that no tokenization crosses; elsewhere the two sides might belong together.
        if (known > 0 && known < text.Text.Length && (rest.Length == 0 || !_tokenizer.IsControl(rest[0])))
        {
            return false;
        }

        _ids.RemoveRange(tokens, _ids.Count - tokens);
        if (known == 0 || known < text.Text.Length)
        {
            _ids.AddRange(rest);
        }

        return true;
    }

    private int[] EncodeWhole(PromptText text)
    {
        if (_template is null)
        {
            return _tokenizer.Encode(text);
        }

        // Templates write the beginning-of-sequence token themselves, or leave it to a vocabulary that adds it; never two. An
        // end-of-sequence token, which some vocabularies add as well, would end the conversation.
        int[] ids = _tokenizer.Encode(text, addSpecial: false);
        return _begin is { } begin && (ids.Length == 0 || ids[0] != begin) ? [begin, .. ids] : ids;
    }

    /// <summary>Joins the messages as plain text. The answers of the model remain data, whatever they spell.</summary>
    private PromptText Join(IReadOnlyList<ModelMessage> messages)
    {
        var text = new StringBuilder();
        var data = new List<Range>();
        foreach (ModelMessage message in messages)
        {
            text.Append(ReferenceEquals(message, messages[0]) ? "" : "\n").Append(message.Content);
            if (!_parsesSpecial || message.Role == "assistant")
            {
                data.Add((text.Length - message.Content.Length)..text.Length);
            }
        }

        return new PromptText(text.ToString(), data);
    }

    private string? PieceOf(int? token) => token is { } id ? Encoding.UTF8.GetString(_tokenizer.GetPieceBytes(id, special: true)) : null;
}
