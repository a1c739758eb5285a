using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace EdgeRuntime.ToolCalls;

/// <summary>
/// Represents the text of an answer that still arrives. The readers are iterators: null as an element waits for more text, and an iterator
/// as an element runs before the next step. The result of a reader is in a property of this object.
/// </summary>
internal sealed class AnswerText
{
    private readonly StringBuilder _consumed = new();
    private string _rest = "";
    private int _position;

    /// <summary>Gets a value indicating whether no more text will arrive.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Gets what the last reader took.</summary>
    public string Taken { get; private set; } = "";

    /// <summary>Gets the mark that the last reader found and consumed; null for none.</summary>
    public string? Mark { get; private set; }

    /// <summary>Gets the text that has arrived and is not consumed.</summary>
    public ReadOnlySpan<char> Rest => _rest.AsSpan(_position);

    /// <summary>Gets the consumed text since the last <see cref="Remember"/>.</summary>
    public string Consumed => _consumed.ToString();

    /// <summary>Adds text at the end.</summary>
    public void Append(string text)
    {
        _rest = _position == _rest.Length ? text : string.Concat(Rest, text);
        _position = 0;
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
    public IEnumerator UpTo(IReadOnlyList<string> marks, Action<string> receive)
    {
        Mark = null;
        while (true)
        {
            (int at, string? mark) = Find(marks);
            int ready = mark is not null || IsComplete ? at : Rest.Length - Held(marks);
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
            int at = Rest[from..].IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                Taken = Consume(from + at);
                Consume(mark.Length);
                yield break;
            }

            from = Math.Max(0, Rest.Length - mark.Length + 1);
            WaitOrThrow();
            yield return null;
        }
    }

    /// <summary>Takes the text before one of a few characters, which remains.</summary>
    /// <exception cref="MalformedCallException">The text ends before such a character.</exception>
    public IEnumerator Before(string characters)
    {
        int at;
        while ((at = Rest.IndexOfAny(characters)) < 0)
        {
            WaitOrThrow();
            yield return null;
        }

        Taken = Consume(at);
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

            string rest = Rest.ToString();
            if (IsComplete || !marks.Any(mark => mark.StartsWith(rest, StringComparison.Ordinal)))
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

    private void WaitOrThrow()
    {
        if (IsComplete)
        {
            throw new MalformedCallException("it is cut off");
        }
    }

    private (int At, string? Mark) Find(IReadOnlyList<string> marks)
    {
        (int At, string? Mark) found = (Rest.Length, null);
        foreach (string mark in marks)
        {
            int at = Rest.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0 && at < found.At)
            {
                found = (at, mark);
            }
        }

        return found;
    }

    /// <summary>Gets the length of the end of the text that may be the beginning of a mark.</summary>
    private int Held(IReadOnlyList<string> marks)
    {
        int held = 0;
        foreach (string mark in marks)
        {
            for (int length = Math.Min(mark.Length - 1, Rest.Length); length > held; length--)
            {
                if (Rest.EndsWith(mark.AsSpan(0, length), StringComparison.Ordinal))
                {
                    held = length;
                }
            }
        }

        return held;
    }
}
