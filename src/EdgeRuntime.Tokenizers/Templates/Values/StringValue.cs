using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>Python's <c>str</c>. Lengths and indices count code points, not UTF-16 units.</summary>
/// <param name="text">The characters.</param>
/// <param name="isMarkup">
/// Whether the string is markup, the result of <c>safe</c> and <c>escape</c>: strings that are added to it are escaped.
/// </param>
/// <param name="data">The characters that came from the variables of the rendering.</param>
internal sealed class StringValue(string text, bool isMarkup = false, DataRanges data = default) : Value
{
    public static readonly StringValue Empty = new("");

    // The number of code points, or -1 before it is first needed.
    private int _count = -1;

    /// <summary>
    /// Gets the characters without a charge, for operations of constant cost and those that charge themselves. Otherwise use
    /// <see cref="RenderContext.Read"/>.
    /// </summary>
    public string Text { get; } = text;

    public bool IsMarkup { get; } = isMarkup;

    /// <summary>Gets which characters came from the variables of the rendering. Equality ignores it.</summary>
    public DataRanges Data { get; } = data;

    public override string TypeName => IsMarkup ? "Markup" : "str";

    public override bool IsTrue => Text.Length > 0;

    public override int Weight => Text.Length + ElementWeight;

    // Counting happens once and is covered by the charge for making the text.
    public override int? Length => _count >= 0 ? _count : _count = CodePoints.Count(Text);

    /// <summary>Gets whether every code point is one UTF-16 unit.</summary>
    private bool IsPlain => Length == Text.Length;

    /// <summary>Creates a string with another text, markup like this one. It is all data if any character of this one is data.</summary>
    public StringValue With(string text) => new(text, IsMarkup, Data.IsEmpty ? default : DataRanges.All);

    /// <summary>Creates a string with another text that was mapped character by character, markup like this one.</summary>
    public StringValue WithCharacters(string text) => text.Length == Text.Length ? new(text, IsMarkup, Data) : With(text);

    /// <summary>Creates the same text as markup or as a plain string.</summary>
    public StringValue As(bool isMarkup) => isMarkup == IsMarkup ? this : new StringValue(Text, isMarkup, Data);

    /// <summary>Gets a substring, in UTF-16 units.</summary>
    public StringValue Slice(int start, int length) =>
        length == Text.Length ? this
        : length == 0 && !IsMarkup ? Empty
        : new StringValue(Text.Substring(start, length), IsMarkup, Data.Slice(start, length));

    /// <summary>Gets the rest of the string from a UTF-16 unit on.</summary>
    public StringValue Slice(int start) => Slice(start, Text.Length - start);

    /// <summary>Creates a string that is data: one from the variables, or one of unknown origin.</summary>
    public static StringValue OfData(string text) => new(text, data: DataRanges.All);

    /// <summary>Concatenates two strings that are both plain or both markup.</summary>
    public static StringValue Concat(RenderContext context, StringValue left, StringValue right)
    {
        context.CheckLength((long)left.Text.Length + right.Text.Length);
        DataRanges data = DataRanges.Concat(left.Data, left.Text.Length, right.Data, right.Text.Length);
        return new StringValue(left.Text + right.Text, left.IsMarkup, data);
    }

    public override IEnumerator<Value> Iterate(RenderContext context)
    {
        for (int i = 0, length; i < Text.Length; i += length)
        {
            length = CodePoints.LengthAt(Text, i);
            yield return Slice(i, length);
        }
    }

    public override Value? FindItem(RenderContext context, Value key)
    {
        if (key is SliceValue slice)
        {
            return Slice(context, slice);
        }

        if (!Numbers.TryInteger(key, out Int128 index))
        {
            return null;
        }

        int count = Length!.Value;
        index += index < 0 ? count : 0;
        if (index < 0 || index >= count)
        {
            return null;
        }

        int unit = UnitAt(context, (int)index);
        return Slice(unit, CodePoints.LengthAt(Text, unit));
    }

    public override bool? Contains(RenderContext context, Value item)
    {
        if (item is not StringValue part)
        {
            throw Errors.Type($"'in <string>' requires string as left operand, not {item.TypeName}");
        }

        return new TextSearch(context.Read(part)).Find(context.Read(this)) >= 0;
    }

    /// <summary>Gets the UTF-16 index of the code point at an index, or the length if the index is past the end.</summary>
    public int UnitAt(RenderContext context, int index)
    {
        if (IsPlain)
        {
            return Math.Min(index, Text.Length);
        }

        int unit = CodePoints.UnitAt(Text, index);
        context.ChargeCharacters(unit);
        return unit;
    }

    public override void WriteText(TextSink sink) => sink.Append(this);

    public override void WriteRepr(TextSink sink)
    {
        if (IsMarkup)
        {
            sink.Append("Markup(");
        }

        StringRepr.Write(sink, this);
        if (IsMarkup)
        {
            sink.Append(")");
        }
    }

    public override bool Equals(Value? other) => other is StringValue text && text.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    private StringValue Slice(RenderContext context, SliceValue slice)
    {
        (int start, int count, int step) = slice.Resolve(Length!.Value);
        if (step == 1)
        {
            int from = UnitAt(context, start);
            int to = UnitAt(context, start + count);
            context.ChargeCharacters(to - from);
            return Slice(from, to - from);
        }

        int[] units = IsPlain ? [] : CodePoints.Units(context.Read(this), Length!.Value);
        var sink = new TextSink(context);
        for (int i = 0; i < count; i++)
        {
            int index = start + (i * step);
            int unit = units.Length == 0 ? index : units[index];
            sink.Append(this, unit, CodePoints.LengthAt(Text, unit));
        }

        return sink.ToValue(IsMarkup);
    }
}
