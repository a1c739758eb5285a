using System;
using System.Collections.Generic;
using EdgeRuntime.Tokenizers.Templates.Library;
using EdgeRuntime.Tokenizers.Templates.Runtime;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>Python's <c>str</c>. Lengths and indexes count code points, not the chars of .NET.</summary>
/// <param name="text">The characters.</param>
/// <param name="isMarkup">Whether this is what <c>safe</c> and <c>escape</c> return: text that escapes whatever is added to it.</param>
internal sealed class StringValue(string text, bool isMarkup = false) : Value
{
    public static readonly StringValue Empty = new("");

    public string Text { get; } = text;

    public bool IsMarkup { get; } = isMarkup;

    public override string TypeName => IsMarkup ? "Markup" : "str";

    public override bool IsTrue => Text.Length > 0;

    public override int Weight => Text.Length + ElementWeight;

    public override int? Length => CodePoints.Count(Text);

    /// <summary>The same kind of string (plain or markup) with another text.</summary>
    public StringValue With(string text) => ReferenceEquals(text, Text) ? this : new StringValue(text, IsMarkup);

    public override IEnumerator<Value> Iterate(Interpreter context)
    {
        for (int i = 0, length; i < Text.Length; i += length)
        {
            length = CodePoints.LengthAt(Text, i);
            yield return With(Text.Substring(i, length));
        }
    }

    public override Value? FindAttribute(Interpreter context, string name) => StringMethods.Table.Bind(this, name);

    public override Value? FindItem(Interpreter context, Value key)
    {
        if (key is SliceValue slice)
        {
            context.ChargeCharacters(Text.Length);
            return With(CodePoints.Slice(Text, slice));
        }

        if (!Numbers.TryInteger(key, out Int128 index))
        {
            return null;
        }

        context.ChargeCharacters(Text.Length);
        string? element = CodePoints.ElementAt(Text, index);
        return element is null ? null : With(element);
    }

    public override bool? Contains(Interpreter context, Value item)
    {
        if (item is not StringValue part)
        {
            throw Errors.Type($"'in <string>' requires string as left operand, not {item.TypeName}");
        }

        context.ChargeCharacters(Text.Length);
        return Text.Contains(part.Text, StringComparison.Ordinal);
    }

    public override void WriteText(TextSink sink) => sink.Append(Text);

    public override void WriteRepr(TextSink sink)
    {
        if (IsMarkup)
        {
            sink.Append("Markup(");
        }

        StringRepr.Write(sink, Text);
        if (IsMarkup)
        {
            sink.Append(")");
        }
    }

    public override bool Equals(Value? other) => other is StringValue text && text.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}
