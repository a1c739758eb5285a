using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>The result of <c>namespace()</c>: the only object whose attributes a template can set, to carry values out of loops.</summary>
internal sealed class NamespaceValue : Value
{
    private readonly OrderedDictionary<string, Value> _attributes = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";

    public void Set(string name, Value value) => _attributes[name] = value;

    public override Value? FindItem(RenderContext context, Value key) =>
        key is StringValue name ? _attributes.GetValueOrDefault(name.Text) : null;

    public override void WriteRepr(TextSink sink)
    {
        sink.Enter();
        sink.Append("<Namespace {");
        string separator = "";
        foreach (KeyValuePair<string, Value> attribute in _attributes)
        {
            sink.Append(separator);
            StringValue.OfData(attribute.Key).WriteRepr(sink);
            sink.Append(": ");
            attribute.Value.WriteRepr(sink);
            separator = ", ";
        }

        sink.Append("}>");
        sink.Leave();
    }
}

/// <summary>The result of <c>cycler(a, b, ...)</c>: returns its items in turn.</summary>
internal sealed class CyclerValue(Value[] items) : Value
{
    private static readonly NativeFunction NextFunction = new("", static (_, self, _) => ((CyclerValue)self).Next());
    private static readonly NativeFunction ResetFunction = new("", static (_, self, _) => ((CyclerValue)self).Reset());
    private int _position;

    public override string TypeName => "Cycler";

    public override Value? FindAttribute(RenderContext context, string name) => name switch
    {
        "current" => items[_position],
        "next" => new BoundMethod(this, name, NextFunction),
        "reset" => new BoundMethod(this, name, ResetFunction),
        _ => null,
    };

    public override void WriteRepr(TextSink sink) => sink.Append("<Cycler object>");

    private Value Next()
    {
        Value current = items[_position];
        _position = (_position + 1) % items.Length;
        return current;
    }

    private NoneValue Reset()
    {
        _position = 0;
        return NoneValue.Instance;
    }
}

/// <summary>The result of <c>joiner(separator)</c>: returns an empty string on the first call, then the separator.</summary>
internal sealed class JoinerValue(Value separator) : Value
{
    private bool _used;

    public override string TypeName => "Joiner";

    public override bool IsCallable => true;

    public override Value Call(RenderContext context, Arguments arguments)
    {
        bool first = !_used;
        _used = true;
        return first ? StringValue.Empty : separator;
    }

    public override void WriteRepr(TextSink sink) => sink.Append("<Joiner object>");
}
