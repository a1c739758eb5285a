using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>Python's <c>str</c>. Lengths and indexes count code points, not the chars of .NET.</summary>
/// <param name="text">The characters.</param>
/// <param name="isMarkup">Whether this is what <c>safe</c> and <c>escape</c> return: text that escapes whatever is added to it.</param>
/// <param name="data">Which characters came from the variables of the rendering.</param>
internal sealed class StringValue(string text, bool isMarkup = false, DataRanges data = default) : Value
{
    public static readonly StringValue Empty = new("");

    // The code points, counted when they are first asked for; -1 before.
    private int _count = -1;

    /// <summary>The characters, unpaid: for what costs nothing or pays itself. <see cref="RenderContext.Read"/> pays for all.</summary>
    public string Text { get; } = text;

    public bool IsMarkup { get; } = isMarkup;

    /// <summary>Which characters came from the variables of the rendering. Equality doesn't ask for it.</summary>
    public DataRanges Data { get; } = data;

    public override string TypeName => IsMarkup ? "Markup" : "str";

    public override bool IsTrue => Text.Length > 0;

    public override int Weight => Text.Length + ElementWeight;

    // Making the text has paid for counting it, which is done once.
    public override int? Length => _count >= 0 ? _count : _count = CodePoints.Count(Text);

    /// <summary>Whether a code point is a char of .NET.</summary>
    private bool IsPlain => Length == Text.Length;

    /// <summary>The same kind of string (plain or markup) with another text; data as a whole where any of this is data.</summary>
    public StringValue With(string text) => new(text, IsMarkup, Data.IsEmpty ? default : DataRanges.All);

    /// <summary>The same kind of string with another text, of which each character stands for the one in its place.</summary>
    public StringValue WithCharacters(string text) => text.Length == Text.Length ? new(text, IsMarkup, Data) : With(text);

    /// <summary>The same characters, as markup or plain.</summary>
    public StringValue As(bool isMarkup) => isMarkup == IsMarkup ? this : new StringValue(Text, isMarkup, Data);

    /// <summary>A part, in the chars of .NET.</summary>
    public StringValue Slice(int start, int length) =>
        length == Text.Length ? this
        : length == 0 && !IsMarkup ? Empty
        : new StringValue(Text.Substring(start, length), IsMarkup, Data.Slice(start, length));

    /// <summary>The part from a char of .NET on.</summary>
    public StringValue Slice(int start) => Slice(start, Text.Length - start);

    /// <summary>A string of the variables, or one of which nobody knows whether it is.</summary>
    public static StringValue OfData(string text) => new(text, data: DataRanges.All);

    /// <summary>Two strings of one kind in a row.</summary>
    public static StringValue Concat(RenderContext context, StringValue left, StringValue right)
    {
        context.CheckLength((long)left.Text.Length + right.Text.Length);
        string text = left.Text + right.Text;
        if (left.Data.IsEmpty && right.Data.IsEmpty)
        {
            return new StringValue(text, left.IsMarkup);
        }

        List<(int Start, int End)>? data = null;
        left.Data.AddTo(ref data, 0, left.Text.Length, 0);
        right.Data.AddTo(ref data, 0, right.Text.Length, left.Text.Length);
        return new StringValue(text, left.IsMarkup, DataRanges.Of(data, text.Length));
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

    /// <summary>The char of .NET where the code point of an index begins; the length where the index is past the end.</summary>
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
