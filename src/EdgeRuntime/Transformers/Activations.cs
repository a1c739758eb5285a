using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Transformers;

/// <summary>One [tokens, columns] tensor in the forms that its projections read; a form that none reads is null. A view.</summary>
/// <param name="Int8">In the Int8 layout of <see cref="ActivationLayout"/>, or null.</param>
/// <param name="Float32">In the Float32 layout, or null.</param>
internal unsafe readonly struct Activations(byte* Int8, byte* Float32)
{
    private readonly byte* _int8 = Int8;
    private readonly byte* _float32 = Float32;

    public byte* For(ActivationKind kind) => kind == ActivationKind.Int8 ? _int8 : _float32;
}
