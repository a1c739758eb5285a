using System;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>The forms of a tensor of activations.</summary>
[Flags]
internal enum ActivationForms
{
    None = 0,

    /// <summary>Quantized tiles in the Int8 layout of <see cref="ActivationLayout"/>.</summary>
    Int8 = 1,

    /// <summary>Float tiles in the Float32 layout.</summary>
    Float32 = 2,

    /// <summary>Plain rows, [tokens, columns].</summary>
    Rows = 4,
}

/// <summary>A [tokens, columns] tensor in the requested forms; other forms are null. Owns nothing.</summary>
/// <param name="int8">The tensor in the Int8 layout of <see cref="ActivationLayout"/>, or null.</param>
/// <param name="float32">The tensor in the Float32 layout, or null.</param>
/// <param name="rows">[tokens, columns], or null.</param>
internal unsafe readonly struct Activations(byte* int8, byte* float32, float* rows)
{
    /// <summary>Gets the plain rows, [tokens, columns].</summary>
    public float* Rows { get; } = rows;

    /// <summary>Gets the form that a projection reads.</summary>
    public byte* For(Projection reader) => reader.Reads == ActivationKind.Int8 ? int8 : float32;

    /// <summary>Gets the forms that projections read.</summary>
    public static ActivationForms FormsFor(params ReadOnlySpan<Projection?> readers)
    {
        ActivationForms forms = ActivationForms.None;
        foreach (Projection? reader in readers)
        {
            forms |= reader is null ? ActivationForms.None
                : reader.Reads == ActivationKind.Float32 ? ActivationForms.Float32
                : reader.UpdateRank > 0 ? ActivationForms.Int8 | ActivationForms.Float32
                : ActivationForms.Int8;
        }

        return forms;
    }
}
