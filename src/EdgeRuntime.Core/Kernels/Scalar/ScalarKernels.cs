using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Scalar;

/// <summary>
/// Plain C# for every machine, and the definition of what the others compute: one token goes the same way as many, through
/// the expanded panel.
/// </summary>
internal sealed unsafe class ScalarKernels() : PanelKernels(tileTokens: 8, tilePanels: 1)
{
    public override int GemvTokens(PackedLayout layout) => 0;

    public override void QuantizeTile(float* x, int xStride, int tokens, int columns, byte* tile) =>
        ActivationBlocks<ScalarBlock>.QuantizeTile(x, xStride, tokens, columns, tile);

    public override delegate*<byte*, int, byte*, void> Expand(PackedLayout layout) => layout.Expand();

    public override delegate*<byte*, byte*, int, int, float*, int, int, void> Gemv(PackedLayout layout) => null;

    public override delegate*<byte*, byte*, int, int, float*, int, int, bool, void> Gemm(PackedLayout layout) =>
        layout.Gemm<ScalarPanelGemm>();

    public override delegate*<byte*, int, float*, void> ExpandFloat<TElement>() => &ScalarPanelGemm.Expand<TElement>;

    public override delegate*<byte*, float*, int, float*, int, void> GemvFloat<TElement>() => &ScalarPanelGemm.MultiplyToken<TElement>;

    public override delegate*<byte*, byte*, int, int, float*, int, int, void> GemmFloat => &ScalarPanelGemm.MultiplyFloat;
}
