using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// How the bits of a quant stand for a number: weight = scale * <see cref="Unit"/> * (level - <see cref="Offset"/>) where there are no
/// minima.
/// </summary>
/// <remarks>
/// The size of an implementation, which the JIT knows before it inlines anything, is the number of steps whose products of pairs sum
/// exactly in int16: 32767 / (2 x 127 x <see cref="MaxLevel"/>), one of 8, 4, 2 and 1; 16 stands for levels of eight bits, which are
/// multiplied as signed numbers.
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
