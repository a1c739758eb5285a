using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime.Generation;

/// <summary>
/// Turns a conversation into prompt tokens: the model's chat template rendered and tokenized. A model without a template sees the messages'
/// texts joined by line ends, to be continued as plain text: base models (the stories ones, say) know no roles.
/// </summary>
/// <remarks>
/// It remembers the tokens of prompts and answers. As far as the next conversation renders to a text that begins with theirs, their ids are
/// taken over and only the new text is tokenized: tokenizing an answer's text again could split it otherwise than the model did, and the KV
/// cache could then not be reused.
/// </remarks>
internal sealed class ChatPrompt
{
    private readonly Tokenizer _tokenizer;
    private readonly ChatTemplate? _template;
    private readonly int? _begin;
    private readonly List<int> _ids = [];
    private readonly List<(int Text, int Ids)> _marks = []; // ends of prompts and answers: lengths of _text and of _ids
    private string _text = "";

    public ChatPrompt(Tokenizer tokenizer, ChatTemplate? template)
    {
        _tokenizer = tokenizer;
        _template = template;
        _begin = tokenizer.Encode("").FirstOrDefault(-1) is int first && first >= 0 && first == tokenizer.BeginOfSequence ? first : null;
    }

    /// <summary>The prompt that asks for the next answer.</summary>
    /// <exception cref="ChatTemplateException">The template refused the conversation.</exception>
    public IReadOnlyList<int> Encode(IReadOnlyList<ChatMessage> messages)
    {
        string text = _template is null
            ? string.Join('\n', messages.Select(m => m.Content))
            : _template.RenderMessages(messages, true, PieceOf(_tokenizer.BeginOfSequence), PieceOf(_tokenizer.EndOfSequence));
        while (!TryEncodeRest(text))
        {
            _marks.RemoveAt(_marks.Count - 1);
        }

        _text = text;
        _marks.Add((_text.Length, _ids.Count));
        return [.. _ids];
    }

    /// <summary>Remembers the answer to the last prompt.</summary>
    /// <param name="ids">Its tokens, without the one that ended it.</param>
    /// <param name="text">Their whole text.</param>
    public void Append(ReadOnlySpan<int> ids, string text)
    {
        _ids.AddRange(ids);
        _text += text;
        _marks.Add((_text.Length, _ids.Count));
    }

    /// <summary>
    /// Keeps what is known up to the last mark, and adds the tokens of the text behind it. False where the text is another one.
    /// </summary>
    private bool TryEncodeRest(string text)
    {
        (int known, int tokens) = _marks.Count > 0 ? _marks[^1] : (0, 0);
        if (!text.AsSpan().StartsWith(_text.AsSpan(0, known)))
        {
            return false;
        }

        IReadOnlyList<int> rest = known == 0 ? EncodeWhole(text) : _tokenizer.Encode(text[known..], addSpecial: false, parseSpecial: true);

        // A control token is a border that no tokenization crosses; elsewhere the two sides might belong together.
        if (known > 0 && known < text.Length && (rest.Count == 0 || !_tokenizer.IsControl(rest[0])))
        {
            return false;
        }

        _ids.RemoveRange(tokens, _ids.Count - tokens);
        if (known == 0 || known < text.Length)
        {
            _ids.AddRange(rest);
        }

        return true;
    }

    private IReadOnlyList<int> EncodeWhole(string text)
    {
        if (_template is null)
        {
            return _tokenizer.Encode(text, addSpecial: true, parseSpecial: true);
        }

        // Templates write the beginning-of-sequence token themselves, or leave it to a vocabulary that adds it; never two. An
        // end-of-sequence token, which some vocabularies add as well, would end the conversation.
        IReadOnlyList<int> ids = _tokenizer.Encode(text, addSpecial: false, parseSpecial: true);
        return _begin is { } begin && (ids.Count == 0 || ids[0] != begin) ? [begin, .. ids] : ids;
    }

    private string? PieceOf(int? token) => token is { } id ? Encoding.UTF8.GetString(_tokenizer.GetPieceBytes(id, special: true)) : null;
}
