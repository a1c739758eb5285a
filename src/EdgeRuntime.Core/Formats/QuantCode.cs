using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Formats;

/// <summary>
/// Defines how the bits of a quant map to a number. Without minima: weight = scale * <see cref="Unit"/> * (level - <see cref="Offset"/>).
/// </summary>
/// <remarks>
/// The structure size of an implementation encodes how many pairs of products can be summed exactly in int16: 32767 / (2 x 127 x
/// <see cref="MaxLevel"/>), rounded down to 8, 4, 2 or 1. The value 16 marks 8-bit levels, which are multiplied as signed numbers. The size
/// is used because the JIT knows it before it inlines anything.
/// </remarks>
internal interface IQuantCode
{
    /// <summary>The structure size of a code whose levels need all eight bits.</summary>
    const int Signed = 16;

    /// <summary>Gets the number of bits per quant.</summary>
    static abstract int Bits { get; }

    /// <summary>Gets the number that is subtracted from the level; 0 for formats with minima.</summary>
    static abstract int Offset { get; }

    /// <summary>Gets the largest level.</summary>
    static abstract int MaxLevel { get; }

    /// <summary>Gets the factor of one level step in addition to the scale.</summary>
    static virtual float Unit => 1;

    /// <summary>Gets the level of each of the sixteen quants; empty if the level equals the quant.</summary>
    static virtual ReadOnlySpan<byte> Levels => default;
}

/// <summary>Represents an <see cref="IQuantCode"/> as an object.</summary>
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

    /// <summary>Gets the structure size of the <see cref="IQuantCode"/>: how many pairs of products fit into int16.</summary>
    public int Steps { get; }

    /// <inheritdoc cref="IQuantCode.Unit"/>
    public float Unit { get; }

    /// <inheritdoc cref="IQuantCode.Levels"/>
    public ReadOnlySpan<byte> Levels => _levels;

    /// <summary>Gets the single object of a code.</summary>
    public static QuantCode Of<TCode>()
        where TCode : unmanaged, IQuantCode => Instance<TCode>.Value;

    /// <summary>Gets the level of a quant.</summary>
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
