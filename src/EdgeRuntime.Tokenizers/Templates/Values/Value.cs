using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>
/// A value as templates see it, with Python's behaviour: truth, length, iteration, items, attributes, text. Values are immutable
/// (namespaces and iterators apart), so that anything can be shared.
/// </summary>
internal abstract class Value : IEquatable<Value>
{
    /// <summary>What an element costs beside its characters; see <see cref="TemplateLimits.Weight"/>.</summary>
    protected const int ElementWeight = 8;

    /// <summary>The name of the Python type, for error messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>The truth of the value.</summary>
    public virtual bool IsTrue => true;

    /// <summary>How much text or how many elements there are, contents included: the cost of any walk over it.</summary>
    public virtual int Weight => ElementWeight;

    /// <summary>How deep lists lie in lists; 0 for what holds nothing.</summary>
    public virtual int Depth => 0;

    /// <summary>What <c>len()</c> gives; null where there is no length.</summary>
    public virtual int? Length => null;

    /// <summary>Whether the value can be called.</summary>
    public virtual bool IsCallable => false;

    /// <summary>Starts an iteration; null where the value can't be iterated.</summary>
    public virtual IEnumerator<Value>? Iterate(RenderContext context) => null;

    /// <summary>The attributes of the Python object beside the methods of its type; null where there is none of that name.</summary>
    public virtual Value? FindAttribute(RenderContext context, string name) => null;

    /// <summary>What <c>value[key]</c> gives; null where there is no such item.</summary>
    public virtual Value? FindItem(RenderContext context, Value key) => null;

    /// <summary>Whether <c>item in value</c>; null where the question is a type error.</summary>
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

    /// <summary>Python's <c>==</c>.</summary>
    public virtual bool Equals(Value? other) => ReferenceEquals(this, other);

    public sealed override bool Equals(object? obj) => obj is Value other && Equals(other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
