using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// How the scales of a chunk lie in a packed panel; see <see cref="PackedLayout"/>. The value holds what is computed once for a
/// chunk.
/// </summary>
/// <typeparam name="TSelf">The implementation.</typeparam>
/// <typeparam name="TVector">The vector.</typeparam>
internal unsafe interface IPanelScales<TSelf, TVector>
    where TSelf : struct, IPanelScales<TSelf, TVector>
    where TVector : struct
{
    static abstract ScaleKind Kind { get; }

    /// <param name="chunk">The chunk.</param>
    /// <param name="row">First row of the vector.</param>
    static abstract TSelf Begin(byte* chunk, int row);

    /// <summary>float: the scale of block b, of its half h where the format has one for 16 columns.</summary>
    TVector Scale(nint b, int h);

    /// <summary>float: the minimum of block b, as it is added; of no use where the format has none.</summary>
    TVector Min(nint b);
}

/// <summary>f16 d for 32 columns.</summary>
internal readonly unsafe struct HalfScales<TIsa, TVector> : IPanelScales<HalfScales<TIsa, TVector>, TVector>
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
{
    private readonly byte* _d;

    private HalfScales(byte* d) => _d = d;

    public static ScaleKind Kind => ScaleKind.Half;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfScales<TIsa, TVector> Begin(byte* chunk, int row) => new(chunk + (2 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Scale(nint b, int h) => TIsa.LoadHalves(_d + (2 * b * PackedLayout.PanelRows));

    public TVector Min(nint b) => default;
}

/// <summary>f16 d and m for 32 columns.</summary>
internal readonly unsafe struct HalfAndMinScales<TIsa, TVector> : IPanelScales<HalfAndMinScales<TIsa, TVector>, TVector>
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
{
    private readonly byte* _d;

    private HalfAndMinScales(byte* d) => _d = d;

    public static ScaleKind Kind => ScaleKind.HalfAndMin;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static HalfAndMinScales<TIsa, TVector> Begin(byte* chunk, int row) => new(chunk + (2 * row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Scale(nint b, int h) => TIsa.LoadHalves(_d + (4 * b * PackedLayout.PanelRows));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Min(nint b) => TIsa.LoadHalves(_d + (((4 * b) + 2) * PackedLayout.PanelRows));
}

/// <summary>f16 d and dmin for 256 columns, unsigned scales and minima for 32.</summary>
internal readonly unsafe struct SuperBlockMinScales<TIsa, TVector> : IPanelScales<SuperBlockMinScales<TIsa, TVector>, TVector>
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
{
    private readonly TVector _d;
    private readonly TVector _negativeMin;
    private readonly byte* _subBlocks;

    private SuperBlockMinScales(TVector d, TVector negativeMin, byte* subBlocks)
    {
        _d = d;
        _negativeMin = negativeMin;
        _subBlocks = subBlocks;
    }

    public static ScaleKind Kind => ScaleKind.SuperBlockMins;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SuperBlockMinScales<TIsa, TVector> Begin(byte* chunk, int row) => new(
        TIsa.LoadHalves(chunk + (2 * row)),
        TIsa.Negate(TIsa.LoadHalves(chunk + (2 * (PackedLayout.PanelRows + row)))),
        chunk + (4 * PackedLayout.PanelRows) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Scale(nint b, int h) => TIsa.Multiply(_d, TIsa.LoadBytes(_subBlocks + (b * PackedLayout.PanelRows)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Min(nint b) =>
        TIsa.Multiply(_negativeMin, TIsa.LoadBytes(_subBlocks + ((PackedLayout.ChunkBlocks + b) * PackedLayout.PanelRows)));
}

/// <summary>How many signed scales a block of 32 columns has: a constant for the compiler.</summary>
internal interface IScalesPerBlock
{
    static abstract int Count { get; }

    static abstract ScaleKind Kind { get; }
}

/// <summary>One for 32 columns.</summary>
internal readonly struct OneScale : IScalesPerBlock
{
    public static int Count => 1;

    public static ScaleKind Kind => ScaleKind.SuperBlock32;
}

/// <summary>One for 16 columns.</summary>
internal readonly struct TwoScales : IScalesPerBlock
{
    public static int Count => 2;

    public static ScaleKind Kind => ScaleKind.SuperBlock16;
}

/// <summary>f16 d for 256 columns, signed scales for 32 or for 16.</summary>
internal readonly unsafe struct SuperBlockScales<TIsa, TVector, TScales> : IPanelScales<SuperBlockScales<TIsa, TVector, TScales>, TVector>
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
    where TScales : struct, IScalesPerBlock
{
    private readonly TVector _d;
    private readonly byte* _subBlocks;

    private SuperBlockScales(TVector d, byte* subBlocks)
    {
        _d = d;
        _subBlocks = subBlocks;
    }

    public static ScaleKind Kind => TScales.Kind;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SuperBlockScales<TIsa, TVector, TScales> Begin(byte* chunk, int row) =>
        new(TIsa.LoadHalves(chunk + (2 * row)), chunk + (2 * PackedLayout.PanelRows) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Scale(nint b, int h) =>
        TIsa.Multiply(_d, TIsa.LoadSignedBytes(_subBlocks + (((TScales.Count * b) + (TScales.Count == 1 ? 0 : h)) * PackedLayout.PanelRows)));

    public TVector Min(nint b) => default;
}
