using System;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>One lane: plain code, the definition of the other widths.</summary>
internal readonly unsafe struct LanesScalar(float value) : ILanes<LanesScalar>
{
    private readonly float _value = value;

    /// <summary>The number.</summary>
    public float Value => _value;

    public static int Count => 1;

    public static int TileVectors => 4;

    public static LanesScalar Broadcast(float value) => new(value);

    public static LanesScalar Load(float* source) => new(*source);

    public static LanesScalar LoadHalf(ushort* source) =>
        new(BitConverter.Int32BitsToSingle(((short)*source << 13) & unchecked((int)0x8fffe000)) * HalfConvert.BiasScale);

    public static LanesScalar LoadBFloat16(ushort* source) => new(BitConverter.Int32BitsToSingle(*source << 16));

    public static LanesScalar LoadInt8(sbyte* source) => new(*source);

    public static void Store(LanesScalar value, float* destination) => *destination = value._value;

    public static LanesScalar operator +(LanesScalar left, LanesScalar right) => new(left._value + right._value);

    public static LanesScalar operator -(LanesScalar left, LanesScalar right) => new(left._value - right._value);

    public static LanesScalar operator *(LanesScalar left, LanesScalar right) => new(left._value * right._value);

    public static LanesScalar operator /(LanesScalar left, LanesScalar right) => new(left._value / right._value);

    public static LanesScalar Fma(LanesScalar left, LanesScalar right, LanesScalar addend) =>
        new(MathF.FusedMultiplyAdd(left._value, right._value, addend._value));

    public static LanesScalar Max(LanesScalar left, LanesScalar right) => left._value < right._value ? right : left;

    public static LanesScalar IfLess(LanesScalar left, LanesScalar right, LanesScalar then, LanesScalar otherwise) =>
        left._value < right._value ? then : otherwise;

    public static LanesScalar AddToExponent(LanesScalar value, LanesScalar integers) => new(BitConverter.Int32BitsToSingle(
        BitConverter.SingleToInt32Bits(value._value) + (BitConverter.SingleToInt32Bits(integers._value) << 23)));
}
