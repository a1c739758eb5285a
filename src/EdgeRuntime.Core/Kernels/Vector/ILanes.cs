namespace EdgeRuntime.Kernels.Vector;

/// <summary>
/// A vector of <see cref="Count"/> floats with the operations of attention, float panels and the elementwise kernels. Instruction
/// sets differ only in the width: 16 lanes for AVX-512, 8 for AVX2, 4 for NEON, 1 for plain code. Every operation works lane by
/// lane and rounds as IEEE 754 requires, so a kernel with a fixed order of operations gives the same bits with every width.
/// </summary>
/// <remarks>Implementations have one field only: the JIT keeps such a struct in a register.</remarks>
internal unsafe interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Lanes: 16, 8, 4 or 1; always a divisor of 16.</summary>
    static abstract int Count { get; }

    /// <summary>The number of adjacent vectors in a tile of <see cref="TileProduct{TLanes}"/>, limited by the registers.</summary>
    static abstract int TileVectors { get; }

    static abstract TSelf Broadcast(float value);

    static abstract TSelf Load(float* source);

    /// <summary>IEEE halves to float, exactly; only finite ones (<see cref="HalfConvert"/> stores no others).</summary>
    static abstract TSelf LoadHalf(ushort* source);

    /// <summary>bfloat16 to float, exactly.</summary>
    static abstract TSelf LoadBFloat16(ushort* source);

    /// <summary>int8 to float, exactly.</summary>
    static abstract TSelf LoadInt8(sbyte* source);

    static abstract void Store(TSelf value, float* destination);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>left * right + addend with one rounding.</summary>
    static abstract TSelf Fma(TSelf left, TSelf right, TSelf addend);

    /// <summary>Selects the greater of each pair of numbers (for NaN, either operand).</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>Selects <paramref name="then"/> where left is less than right, else (also for NaN) <paramref name="otherwise"/>.</summary>
    static abstract TSelf IfLess(TSelf left, TSelf right, TSelf then, TSelf otherwise);

    /// <summary>Adds the bits of <paramref name="integers"/>, shifted by 23, to those of <paramref name="value"/>: value * 2^n.</summary>
    static abstract TSelf AddToExponent(TSelf value, TSelf integers);
}
