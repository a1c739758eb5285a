using System;
using System.Collections;
using System.Collections.Generic;
using System.Text;

namespace EdgeRuntime.ToolCalls;

/// <summary>
/// Represents the text of an answer that still arrives. The readers are iterators: null as an element waits for more text, and an iterator
/// as an element runs before the next step. The result of a reader is in a property of this object.
/// </summary>
internal sealed class AnswerText
{
    private readonly StringBuilder _consumed = new();
    private readonly HashSet<string> _absent = []; // marks and characters that the complete text has no more
    private char[] _buffer = new char[256];
    private int _position, _end; // the text in the buffer that is not consumed

    /// <summary>Gets a value indicating whether no more text will arrive.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Gets what the last reader took.</summary>
    public string Taken { get; set; } = "";

    /// <summary>Gets the mark that the last reader found and consumed; null for none.</summary>
    public string? Mark { get; private set; }

    /// <summary>Gets the text that has arrived and is not consumed.</summary>
    public ReadOnlySpan<char> Rest => _buffer.AsSpan(_position.._end);

    /// <summary>Gets the consumed text since the last <see cref="Remember"/>.</summary>
    public string Consumed => _consumed.ToString();

    /// <summary>Adds text at the end.</summary>
    public void Append(string text)
    {
        if (_end + text.Length > _buffer.Length)
        {
            // Twice the size that is needed: the copies cost no more than the text.
            int length = Rest.Length + text.Length;
            char[] buffer = 2 * length > _buffer.Length ? new char[2 * length] : _buffer;
            Rest.CopyTo(buffer);
            (_buffer, _position, _end) = (buffer, 0, Rest.Length);
        }

        text.CopyTo(_buffer.AsSpan(_end));
        _end += text.Length;
    }

    /// <summary>Says that no more text will arrive.</summary>
    public void Complete() => IsComplete = true;

    /// <summary>Starts to remember the consumed text.</summary>
    public void Remember(string start) => _consumed.Clear().Append(start);

    /// <summary>Consumes characters.</summary>
    public string Consume(int count)
    {
        string text = Rest[..count].ToString();
        _consumed.Append(text);
        _position += count;
        return text;
    }

    /// <summary>Consumes the text up to a mark and the mark, or to the end. It gives the text to a receiver as it arrives.</summary>
    public IEnumerator UpTo(MarkSet marks, Action<string> receive)
    {
        Mark = null;
        while (true)
        {
            (int ready, string? mark) = marks.Find(Rest);
            ready = mark is null && IsComplete ? Rest.Length : ready;
            if (ready > 0)
            {
                receive(Consume(ready));
            }

            if (mark is not null)
            {
                Consume(mark.Length);
                Mark = mark;
                yield break;
            }

            if (IsComplete)
            {
                yield break;
            }

            yield return null;
        }
    }

    /// <summary>Takes the text up to a mark and consumes the mark.</summary>
    /// <exception cref="MalformedCallException">The text ends before the mark.</exception>
    public IEnumerator Until(string mark)
    {
        Mark = null;
        int from = 0;
        while (true)
        {
            int at = _absent.Contains(mark) ? -1 : Rest[from..].IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                Taken = Consume(from + at);
                Consume(mark.Length);
                yield break;
            }

            from = Math.Max(0, Rest.Length - mark.Length + 1);
            WaitOrThrow(mark);
            yield return null;
        }
    }

    /// <summary>Takes the text before one of a few characters, which remains.</summary>
    /// <exception cref="MalformedCallException">The text ends before such a character.</exception>
    public IEnumerator Before(string characters)
    {
        int from = 0;
        while (true)
        {
            int at = _absent.Contains(characters) ? -1 : Rest[from..].IndexOfAny(characters);
            if (at >= 0)
            {
                Taken = Consume(from + at);
                yield break;
            }

            from = Rest.Length;
            WaitOrThrow(characters);
            yield return null;
        }
    }

    /// <summary>Consumes white space.</summary>
    public IEnumerator Space()
    {
        while (true)
        {
            Consume(Rest.Length - Rest.TrimStart().Length);
            if (Rest.Length > 0 || IsComplete)
            {
                yield break;
            }

            yield return null;
        }
    }

    /// <summary>Consumes one of the marks if the text begins with it; sets <see cref="Mark"/>.</summary>
    public IEnumerator Try(params string[] marks)
    {
        Mark = null;
        while (true)
        {
            foreach (string mark in marks)
            {
                if (Rest.StartsWith(mark, StringComparison.Ordinal))
                {
                    Consume(mark.Length);
                    Mark = mark;
                    yield break;
                }
            }

            if (IsComplete || !MayBecome(marks))
            {
                yield break;
            }

            yield return null;
        }
    }

    /// <summary>Takes a JSON value and gives its text to a receiver as it arrives.</summary>
    /// <exception cref="MalformedCallException">The text is not JSON or ends before the value does.</exception>
    public IEnumerator Json(Action<string>? receive = null)
    {
        var scanner = new JsonScanner();
        var value = new StringBuilder();
        while (true)
        {
            int count = scanner.Scan(Rest);
            string text = Consume(count);
            value.Append(text);
            if (count > 0)
            {
                receive?.Invoke(text);
            }

            scanner.ThrowIfInvalid();
            if (scanner.IsDone || (IsComplete && scanner.CanEnd))
            {
                break;
            }

            WaitOrThrow();
            yield return null;
        }

        Taken = value.ToString();
        JsonText.Check(Taken);
    }

    /// <summary>Waits for a character to arrive.</summary>
    /// <exception cref="MalformedCallException">The text is at its end.</exception>
    public IEnumerator Any()
    {
        while (Rest.IsEmpty)
        {
            WaitOrThrow();
            yield return null;
        }
    }

    private void WaitOrThrow(string? sought = null)
    {
        if (!IsComplete)
        {
            return;
        }

        if (sought is not null)
        {
            _absent.Add(sought);
        }

        throw new MalformedCallException("it is cut off");
    }

    /// <summary>Gets a value indicating whether the text is the start of one of the marks.</summary>
    private bool MayBecome(string[] marks)
    {
        foreach (string mark in marks)
        {
            if (mark.AsSpan().StartsWith(Rest, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
