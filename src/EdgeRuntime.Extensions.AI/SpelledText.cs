using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeRuntime.Extensions.AI;

/// <summary>
/// Spells out the control tokens in the text of an answer, in which many models write the marks of tool calls and reasoning. The text comes
/// as far as it is certain: the part that may begin a stop sequence waits.
/// </summary>
internal sealed class SpelledText(Tokenizer tokenizer)
{
    private readonly TokenStreamDecoder _decoder = tokenizer.CreateStreamDecoder(continuesText: true);
    private readonly Queue<(string Text, bool IsControl)> _waiting = new();
    private int _certain; // characters of the text in _waiting, without control tokens

    /// <summary>Adds a token and returns the text that is certain now.</summary>
    public string Append(GeneratedToken token)
    {
        if (!tokenizer.IsEndOfGeneration(token.Id))
        {
            _waiting.Enqueue((_decoder.Append(token.Id), false));
            if (tokenizer.GetPieceBytes(token.Id).IsEmpty)
            {
                _waiting.Enqueue((Encoding.UTF8.GetString(tokenizer.GetPieceBytes(token.Id, special: true)), true));
            }
        }

        if (token.IsLast)
        {
            _waiting.Enqueue((_decoder.Flush(), false));
        }

        _certain += token.Text.Length;
        return Take(token.IsLast);
    }

    private string Take(bool isLast)
    {
        var text = new StringBuilder();
        while (_waiting.TryPeek(out (string Text, bool IsControl) next))
        {
            if (!next.IsControl && next.Text.Length > _certain)
            {
                // A stop sequence may begin in the middle of a token.
                return isLast ? text.Append(next.Text.AsSpan(0, _certain)).ToString() : text.ToString();
            }

            text.Append(next.Text);
            _certain -= next.IsControl ? 0 : next.Text.Length;
            _waiting.Dequeue();
        }

        return text.ToString();
    }
}
