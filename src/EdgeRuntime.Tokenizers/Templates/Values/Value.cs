using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>
/// The base of template values, with Python's behavior: truth, length, iteration, items, attributes, text. Values are immutable (except
/// namespaces and iterators) and can be shared.
/// </summary>
internal abstract class Value : IEquatable<Value>
{
    /// <summary>The weight of an element in addition to its characters; see <see cref="TemplateLimits.Weight"/>.</summary>
    protected const int ElementWeight = 8;

    /// <summary>Gets the name of the Python type, for error messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>Gets the truth of the value.</summary>
    public virtual bool IsTrue => true;

    /// <summary>Gets the amount of text and elements, including nested ones: the cost of walking over the value.</summary>
    public virtual int Weight => ElementWeight;

    /// <summary>Gets the nesting depth of containers; 0 for a value without elements.</summary>
    public virtual int Depth => 0;

    /// <summary>Gets the result of <c>len()</c>; null if the value has no length.</summary>
    public virtual int? Length => null;

    /// <summary>Gets whether the value can be called.</summary>
    public virtual bool IsCallable => false;

    /// <summary>Starts an iteration; null if the value cannot be iterated.</summary>
    public virtual IEnumerator<Value>? Iterate(RenderContext context) => null;

    /// <summary>Finds an attribute of the Python object, without the methods of its type; null if there is none of that name.</summary>
    public virtual Value? FindAttribute(RenderContext context, string name) => null;

    /// <summary>Gets the result of <c>value[key]</c>; null if there is no such item.</summary>
    public virtual Value? FindItem(RenderContext context, Value key) => null;

    /// <summary>Gets the result of <c>item in value</c>; null if the operation is a type error.</summary>
    public virtual bool? Contains(RenderContext context, Value item)
    {
        IEnumerator<Value>? items = Iterate(context);
        if (items is null)
        {
            return null;
        }

        while (items.MoveNext())
        {
            context.ChargeCharacters(Math.Min(items.Current.Weight, item.Weight));
            if (ReferenceEquals(items.Current, item) || items.Current.Equals(item))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Calls the value.</summary>
    public virtual Value Call(RenderContext context, Arguments arguments) => throw Errors.Type($"'{TypeName}' object is not callable");

    /// <summary>Writes <c>str(value)</c>.</summary>
    public virtual void WriteText(TextSink sink) => WriteRepr(sink);

    /// <summary>Writes <c>repr(value)</c>.</summary>
    public abstract void WriteRepr(TextSink sink);

    /// <summary>Compares like Python's <c>==</c>.</summary>
    public virtual bool Equals(Value? other) => ReferenceEquals(this, other);

    public sealed override bool Equals(object? obj) => obj is Value other && Equals(other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
