using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>
/// The value of a missing name, attribute or item: empty as text, false, and without elements. Any other use is an error.
/// </summary>
internal sealed class UndefinedValue : Value
{
    private readonly Value? _owner;
    private readonly Value? _name;
    private readonly string? _hint;

    private UndefinedValue(Value? owner, Value? name, string? hint) => (_owner, _name, _hint) = (owner, name, hint);

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public override int? Length => 0;

    public static UndefinedValue Name(string name) => new(null, new StringValue(name), null);

    public static UndefinedValue Member(Value owner, Value name) => new(owner, name, null);

    public static UndefinedValue Because(string hint) => new(null, null, hint);

    public static UndefinedValue Unsafe(Value owner, string name) =>
        Because($"access to attribute '{name}' of '{owner.TypeName}' object is unsafe.");

    /// <summary>Creates the error for a use of the value.</summary>
    public TemplateException Error(RenderContext context)
    {
        if (_hint is not null)
        {
            return Errors.Template(_hint);
        }

        string name = context.Repr(_name!).Text;
        if (_owner is null)
        {
            return Errors.Template(name + " is undefined");
        }

        string owner = _owner is NoneValue ? "None" : _owner.TypeName + " object";
        return Errors.Template(_name is StringValue ? $"'{owner}' has no attribute {name}" : $"{owner} has no element {name}");
    }

    public override IEnumerator<Value> Iterate(RenderContext context) => ListValue.Empty.Iterate(context);

    public override Value? FindAttribute(RenderContext context, string name) => throw Error(context);

    public override Value? FindItem(RenderContext context, Value key) => throw Error(context);

    public override Value Call(RenderContext context, Arguments arguments) => throw Error(context);

    public override void WriteText(TextSink sink)
    {
    }

    public override void WriteRepr(TextSink sink) => sink.Append("Undefined");

    public override bool Equals(Value? other) => other is UndefinedValue;

    public override int GetHashCode() => 0;
}
