using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// How the bits of a quant stand for a number: weight = scale * <see cref="Unit"/> * (level - <see cref="Offset"/>) where there are no minima.
/// </summary>
/// <remarks>
/// The size of an implementation, which the JIT knows before it inlines anything, is the number of steps whose products of pairs sum exactly in
/// int16: 32767 / (2 x 127 x <see cref="MaxLevel"/>), one of 8, 4, 2 and 1; 16 stands for levels of eight bits, which are multiplied as
/// signed numbers.
/// </remarks>
internal interface IQuantCode
{
    /// <summary>Size of a code whose levels need all eight bits.</summary>
    const int Signed = 16;

    /// <summary>Bits of a quant.</summary>
    static abstract int Bits { get; }

    /// <summary>Subtracted from the level; 0 for formats with minima.</summary>
    static abstract int Offset { get; }

    /// <summary>Greatest level.</summary>
    static abstract int MaxLevel { get; }

    /// <summary>What one step of the level is worth beside the scale.</summary>
    static virtual float Unit => 1;

    /// <summary>The level of each quant, sixteen of them; empty where it is the quant.</summary>
    static virtual ReadOnlySpan<byte> Levels => default;
}

/// <summary>An <see cref="IQuantCode"/> as an object.</summary>
internal sealed class QuantCode
{
    private readonly byte[] _levels;

    private QuantCode(string name, int bits, int offset, int maxLevel, int steps, float unit, ReadOnlySpan<byte> levels)
    {
        Name = name;
        Bits = bits;
        Offset = offset;
        MaxLevel = maxLevel;
        Steps = steps;
        Unit = unit;
        _levels = levels.ToArray();
    }

    public string Name { get; }

    /// <inheritdoc cref="IQuantCode.Bits"/>
    public int Bits { get; }

    /// <inheritdoc cref="IQuantCode.Offset"/>
    public int Offset { get; }

    /// <inheritdoc cref="IQuantCode.MaxLevel"/>
    public int MaxLevel { get; }

    /// <summary>The size of the <see cref="IQuantCode"/>.</summary>
    public int Steps { get; }

    /// <inheritdoc cref="IQuantCode.Unit"/>
    public float Unit { get; }

    /// <inheritdoc cref="IQuantCode.Levels"/>
    public ReadOnlySpan<byte> Levels => _levels;

    /// <summary>The one object of a code.</summary>
    public static QuantCode Of<TCode>()
        where TCode : unmanaged, IQuantCode => Instance<TCode>.Value;

    /// <summary>The level of a quant.</summary>
    public int Level(int quant) => _levels.Length == 0 ? quant : _levels[quant];

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static class Instance<TCode>
        where TCode : unmanaged, IQuantCode
    {
        public static readonly QuantCode Value = new(
            typeof(TCode).Name, TCode.Bits, TCode.Offset, TCode.MaxLevel, Unsafe.SizeOf<TCode>(), TCode.Unit, TCode.Levels);
    }
}

/// <summary>0..3 with a minimum.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Unsigned2 : IQuantCode
{
    public static int Bits => 2;

    public static int Offset => 0;

    public static int MaxLevel => 3;
}

/// <summary>0..15 with a minimum.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Unsigned4 : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 0;

    public static int MaxLevel => 15;
}

/// <summary>0..31 with a minimum.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Unsigned5 : IQuantCode
{
    public static int Bits => 5;

    public static int Offset => 0;

    public static int MaxLevel => 31;
}

/// <summary>-1 or 1; the levels are 0 and 2.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct PlusMinus : IQuantCode
{
    public static int Bits => 1;

    public static int Offset => 1;

    public static int MaxLevel => 2;

    public static ReadOnlySpan<byte> Levels => [0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
}

/// <summary>-1..2, of which ternary types use the first three.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct TernaryCode : IQuantCode
{
    public static int Bits => 2;

    public static int Offset => 1;

    public static int MaxLevel => 3;
}

/// <summary>-4..3.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Centered3 : IQuantCode
{
    public static int Bits => 3;

    public static int Offset => 4;

    public static int MaxLevel => 7;
}

/// <summary>-8..7.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct Centered4 : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 8;

    public static int MaxLevel => 15;
}

/// <summary>-16..15.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct Centered5 : IQuantCode
{
    public static int Bits => 5;

    public static int Offset => 16;

    public static int MaxLevel => 31;
}

/// <summary>-32..31.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct Centered6 : IQuantCode
{
    public static int Bits => 6;

    public static int Offset => 32;

    public static int MaxLevel => 63;
}

/// <summary>-128..127.</summary>
[StructLayout(LayoutKind.Sequential, Size = IQuantCode.Signed)]
internal readonly struct Centered8 : IQuantCode
{
    public static int Bits => 8;

    public static int Offset => 128;

    public static int MaxLevel => 255;
}

/// <summary><see cref="NonLinear4.Values"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = IQuantCode.Signed)]
internal readonly struct NonLinearCode : IQuantCode
{
    public static int Bits => 4;

    public static int Offset => 128;

    public static int MaxLevel => 255;

    public static ReadOnlySpan<byte> Levels => [1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241];
}
