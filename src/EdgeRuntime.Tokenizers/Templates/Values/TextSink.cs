using System;
using System.Collections.Generic;
using System.Text;

namespace EdgeRuntime.Templates.Values;

/// <summary>Receives the text of the output, of a macro or of <c>str()</c>. Charges for every character.</summary>
internal sealed class TextSink(RenderContext context)
{
    private readonly StringBuilder _text = new();
    private List<(int Start, int End)>? _data;
    private int _depth;

    public RenderContext Context => context;

    /// <summary>Appends text of the template or of the engine.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        Reserve(text.Length);
        _text.Append(text);
    }

    /// <summary>Appends a character repeatedly.</summary>
    public void Append(char character, int count)
    {
        Reserve(count);
        _text.Append(character, count);
    }

    /// <summary>Appends a string.</summary>
    public void Append(StringValue text) => Append(text, 0, text.Text.Length);

    /// <summary>Appends a part of a string.</summary>
    public void Append(StringValue text, int start, int length)
    {
        Reserve(length);
        text.Data.AddTo(ref _data, start, length, _text.Length);
        _text.Append(text.Text, start, length);
    }

    /// <summary>Appends a string repeatedly.</summary>
    public void AppendRepeated(StringValue text, int count)
    {
        if (!text.Data.IsEmpty && !text.Data.IsAll)
        {
            for (; count > 0; count--)
            {
                Append(text);
            }

            return;
        }

        long length = (long)text.Text.Length * count;
        Reserve(length);
        text.Data.AddTo(ref _data, 0, (int)length, _text.Length);
        _text.Insert(_text.Length, text.Text, count);
    }

    /// <summary>
    /// Appends a replacement for a part of a string, such as an escape or an entity. It is data if any character of the part is.
    /// </summary>
    public void AppendReplacement(StringValue source, int start, int length, ReadOnlySpan<char> text)
    {
        Reserve(text.Length);
        if (source.Data.Overlaps(start, length))
        {
            DataRanges.Add(ref _data, _text.Length, _text.Length + text.Length);
        }

        _text.Append(text);
    }

    public void AppendSequence(string open, ReadOnlySpan<Value> items, string close)
    {
        Enter();
        Append(open);
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0)
            {
                Append(", ");
            }

            items[i].WriteRepr(this);
        }

        Append(close);
        Leave();
    }

    /// <summary>Enters a container. Namespaces can contain themselves, so the depth is known only here.</summary>
    public void Enter()
    {
        if (++_depth > TemplateLimits.ValueDepth)
        {
            throw Errors.Limit("values inside values", TemplateLimits.ValueDepth);
        }
    }

    public void Leave() => _depth--;

    /// <summary>Converts the text to a value. The text has been charged already.</summary>
    public StringValue ToValue(bool isMarkup = false) =>
        _text.Length == 0 && !isMarkup
            ? StringValue.Empty
            : new StringValue(_text.ToString(), isMarkup, DataRanges.Of(_data, _text.Length));

    /// <summary>Gets the ranges of data: in order, not adjacent, not empty.</summary>
    public IReadOnlyList<(int Start, int End)> Data => _data ?? [];

    public override string ToString() => _text.ToString();

    // Appending an empty text has a cost too.
    private void Reserve(long characters)
    {
        context.ChargeCharacters(characters + 1);
        if (characters > TemplateLimits.Weight - _text.Length)
        {
            throw Errors.Limit("characters of text", TemplateLimits.Weight);
        }
    }
}
