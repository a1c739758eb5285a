using EdgeRuntime.Kernels.Emit;
using EdgeRuntime.Kernels.Gemm;
using EdgeRuntime.Kernels.Gemv;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels;

/// <summary>The panel kernels of an instruction set with vectors.</summary>
/// <typeparam name="TIsa">Its words for panels.</typeparam>
/// <typeparam name="TVector">Its vector there.</typeparam>
/// <typeparam name="TGemv">Its product of packed panels and a few tokens.</typeparam>
/// <typeparam name="TTile">Its tile of expanded panels times tokens.</typeparam>
/// <typeparam name="TBlock">Its blocks of float activations.</typeparam>
/// <typeparam name="TLanes">Its vectors of floats.</typeparam>
internal sealed unsafe class VectorPanelKernels<TIsa, TVector, TGemv, TTile, TBlock, TLanes>(int tileTokens, int tilePanels)
    : PanelKernels(tileTokens, tilePanels)
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
    where TGemv : IPanelGemv
    where TTile : IPanelTile
    where TBlock : struct, IBlockVector
    where TLanes : struct, ILanes<TLanes>
{
    public override int GemvTokens(PackedLayout layout) => TGemv.Tokens(layout);

    public override void QuantizeTile(float* x, int xStride, int tokens, int columns, byte* tile) =>
        ActivationBlocks<TBlock>.QuantizeTile(x, xStride, tokens, columns, tile);

    public override delegate*<byte*, int, byte*, void> Expand(PackedLayout layout) => layout.ExpandWith<TIsa, TVector>();

    public override delegate*<byte*, byte*, int, int, float*, int, int, void> Gemv(PackedLayout layout) => layout.Gemv<TGemv>();

    public override delegate*<byte*, byte*, int, int, float*, int, int, bool, void> Gemm(PackedLayout layout) => layout.Gemm<TTile>();

    /// <remarks>With 512 bits the compiled code keeps up with F16C, and need not be made first.</remarks>
    public override delegate*<byte*, int, float*, void> ExpandFloat<TElement>() =>
        TLanes.Count == 8 && UsesF16c<TElement>() ? &F16cPanels.Expand : &FloatTile<TLanes>.Expand<TElement>;

    public override delegate*<byte*, float*, int, float*, int, void> GemvFloat<TElement>() =>
        UsesF16c<TElement>() ? &F16cPanels.Multiply : &FloatGemv<TLanes>.Multiply<TElement>;

    public override delegate*<byte*, byte*, int, int, float*, int, int, void> GemmFloat => &FloatTile<TLanes>.Multiply;

    private static bool UsesF16c<TElement>() => typeof(TElement) == typeof(HalfElement) && F16cPanels.IsSupported;
}
