using System.Runtime.CompilerServices;

namespace EdgeRuntime.Kernels.Vector;

/// <summary>Elements that a <see cref="TileProduct{TLanes}"/> brings to float as it reads them.</summary>
internal unsafe interface ITileSource
{
    static abstract int ElementBytes { get; }

    /// <summary>As many elements as there are lanes, exactly.</summary>
    static abstract TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>Elements that are float already.</summary>
internal readonly unsafe struct FloatSource : ITileSource
{
    public static int ElementBytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load((float*)source);
}
