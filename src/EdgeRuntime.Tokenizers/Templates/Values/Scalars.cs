using System;
using System.Globalization;

namespace EdgeRuntime.Templates.Values;

/// <summary>Python's <c>None</c>.</summary>
internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;

    public override void WriteRepr(TextSink sink) => sink.Append("None");
}

/// <summary>Python's <c>bool</c>, which is 0 or 1 as a number.</summary>
internal sealed class BoolValue : Value
{
    public static readonly BoolValue True = new(true);
    public static readonly BoolValue False = new(false);

    private readonly bool _value;

    private BoolValue(bool value) => _value = value;

    public override string TypeName => "bool";

    public override bool IsTrue => _value;

    public static BoolValue Of(bool value) => value ? True : False;

    public override void WriteRepr(TextSink sink) => sink.Append(_value ? "True" : "False");

    public override bool Equals(Value? other) => Numbers.AreEqual(this, other);

    public override int GetHashCode() => Numbers.Hash(this);
}

/// <summary>Python's <c>int</c>, limited to 128 bits. An overflow is an error, never another number.</summary>
internal sealed class IntValue(Int128 value) : Value
{
    public static readonly IntValue Zero = new(0);

    public Int128 Number { get; } = value;

    public override string TypeName => "int";

    public override bool IsTrue => Number != 0;

    public static IntValue Of(Int128 value) => value == 0 ? Zero : new IntValue(value);

    public override void WriteRepr(TextSink sink) => sink.Append(Number.ToString(CultureInfo.InvariantCulture));

    public override bool Equals(Value? other) => Numbers.AreEqual(this, other);

    public override int GetHashCode() => Numbers.Hash(this);
}

/// <summary>Python's <c>float</c>.</summary>
internal sealed class FloatValue(double value) : Value
{
    public double Number { get; } = value;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;

    public override void WriteRepr(TextSink sink) => sink.Append(NumberText.Repr(Number));

    public override bool Equals(Value? other) => Numbers.AreEqual(this, other);

    public override int GetHashCode() => Numbers.Hash(this);
}
