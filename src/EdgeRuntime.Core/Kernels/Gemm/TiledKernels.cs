using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Scalar;

namespace EdgeRuntime.Kernels.Gemm;

/// <summary>The kernels of an instruction set with vectors, put together from its tile and its block quantizer.</summary>
internal sealed unsafe class TiledKernels<TTile, TBlock>(int tileTokens) : PanelKernels
    where TTile : IPanelTile
    where TBlock : struct, IBlockVector
{
    public override int TileTokens => tileTokens;

    public override void QuantizeTile(float* x, int xStride, int tokens, int columns, byte* tile) =>
        BlockQuantizer<TBlock>.QuantizeTile(x, xStride, tokens, columns, tile);

    public override void Expand(PackedLayout layout, byte* panel, int blocks, byte* expanded) =>
        ScalarExpand.Panel(layout, panel, blocks, expanded);

    public override delegate*<byte*, byte*, int, float*, int, void> Gemv(PackedLayout layout) => null;

    public override delegate*<byte*, byte*, int, int, float*, int, int, void> Gemm(ExpandedPanelLayout layout) =>
        ExpandedLayouts.Select<TTile>(layout);

    public override delegate*<byte*, int, float*, void> ExpandFloat(TensorType element) => ScalarPanelGemm.ExpandFloat(element);

    public override delegate*<byte*, byte*, int, int, float*, int, int, void> GemmFloat(TensorType element) =>
        ScalarPanelGemm.GemmFloat(element);
}
