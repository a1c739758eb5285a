using System;

namespace EdgeRuntime.Templates.Values;

/// <summary>Steps shared by int, float and bool, which Python compares by value.</summary>
internal static class Numbers
{
    // 2^127: floats below it fit into 128 bits.
    private const double MaxWhole = 170141183460469231731687303715884105728.0;

    /// <summary>Gets the value of an int or bool.</summary>
    public static bool TryInteger(Value value, out Int128 number)
    {
        number = value is IntValue integer ? integer.Number : value is BoolValue { IsTrue: true } ? 1 : 0;
        return value is IntValue or BoolValue;
    }

    /// <summary>Gets the value of an int, bool or float.</summary>
    public static bool TryFloat(Value value, out double number)
    {
        bool isInteger = TryInteger(value, out Int128 integer);
        number = value is FloatValue real ? real.Number : (double)integer;
        return isInteger || value is FloatValue;
    }

    /// <summary>Gets whether two numbers are exactly equal. An integer with more digits than a float can hold equals no float.</summary>
    public static bool AreEqual(Value left, Value? right) =>
        right is not null && (TryWhole(left, out Int128 a)
            ? TryWhole(right, out Int128 b) && a == b
            : left is FloatValue x && right is FloatValue y && x.Number == y.Number);

    /// <summary>
    /// Hashes a number. Equal numbers of different types have equal hashes. All bits enter a seeded hash, so an attacker cannot choose
    /// numbers that collide.
    /// </summary>
    public static int Hash(Value value)
    {
        if (TryWhole(value, out Int128 whole))
        {
            return HashCode.Combine((int)whole, (int)(whole >> 32), (int)(whole >> 64), (int)(whole >> 96));
        }

        long bits = BitConverter.DoubleToInt64Bits(((FloatValue)value).Number);
        return HashCode.Combine((int)bits, (int)(bits >> 32));
    }

    /// <summary>Gets the value of an int, a bool or a whole float.</summary>
    private static bool TryWhole(Value value, out Int128 whole)
    {
        if (TryInteger(value, out whole))
        {
            return true;
        }

        if (value is not FloatValue { Number: > -MaxWhole and < MaxWhole and var number })
        {
            return false;
        }

        whole = (Int128)number;
        return (double)whole == number;
    }

    /// <summary>Converts an argument to <c>int</c>, clamped to its range; all limits are far inside it.</summary>
    public static int ToInt32(Value value) => TryInteger(value, out Int128 number)
        ? (int)Int128.Clamp(number, int.MinValue, int.MaxValue)
        : throw Errors.Type($"'{value.TypeName}' object cannot be interpreted as an integer");

    public static int ToInt32(Value? value, int missing) => value is null or NoneValue ? missing : ToInt32(value);
}
