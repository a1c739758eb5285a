using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Defines a type with blocks of 32 evenly spaced quants; see <see cref="EvenSteps"/>.</summary>
/// <typeparam name="TSelf">The block structure.</typeparam>
internal interface IEvenFormat<TSelf>
    where TSelf : unmanaged, IEvenFormat<TSelf>
{
    /// <summary>Gets the largest quant.</summary>
    static abstract int MaxQuant { get; }

    /// <summary>Gets whether weights are d * (q - (<see cref="MaxQuant"/> + 1) / 2) instead of d * q + m.</summary>
    static abstract bool IsCentered { get; }

    /// <summary>Stores a block.</summary>
    /// <param name="block">Receives the block.</param>
    /// <param name="d">The scale as float16.</param>
    /// <param name="m">The minimum as float16, which centered types lack.</param>
    /// <param name="quants">The quants.</param>
    static abstract void Store(ref TSelf block, ushort d, ushort m, Vector256<byte> quants);
}
