using System;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Library;

/// <summary>What int, float and bool have in common: in Python they are equal and sorted by value.</summary>
internal static class Numbers
{
    /// <summary>The value of an int or bool.</summary>
    public static bool TryInteger(Value value, out Int128 number)
    {
        number = value is IntValue integer ? integer.Number : value is BoolValue { IsTrue: true } ? 1 : 0;
        return value is IntValue or BoolValue;
    }

    /// <summary>The value of an int, bool or float.</summary>
    public static bool TryFloat(Value value, out double number)
    {
        bool isInteger = TryInteger(value, out Int128 integer);
        number = value is FloatValue real ? real.Number : (double)integer;
        return isInteger || value is FloatValue;
    }

    public static bool AreEqual(Value left, Value? right) =>
        right is not null && (TryInteger(left, out Int128 a) && TryInteger(right, out Int128 b)
            ? a == b
            : TryFloat(left, out double x) && TryFloat(right, out double y) && x == y);

    /// <summary>Equal numbers of different types have equal hashes.</summary>
    public static int Hash(Value value)
    {
        TryFloat(value, out double number);
        return number.GetHashCode();
    }

    /// <summary>An argument as <c>int</c>, cut to the range of one: the limits are far inside.</summary>
    public static int ToInt32(Value value) => TryInteger(value, out Int128 number)
        ? (int)Int128.Clamp(number, int.MinValue, int.MaxValue)
        : throw Errors.Type($"'{value.TypeName}' object cannot be interpreted as an integer");

    public static int ToInt32(Value? value, int missing) => value is null or NoneValue ? missing : ToInt32(value);
}
