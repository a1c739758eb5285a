using System.Runtime.CompilerServices;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// Products of two steps of four columns, in the way that the size of <see cref="IQuantCode"/> allows. Sums of the sizes 4 and 8 are those
/// of <see cref="IPanelIsa{TVector}.Dot"/>, exact for as many steps and to be widened; the others are int32.
/// </summary>
internal static unsafe class StepProducts<TIsa, TVector>
    where TIsa : struct, IPanelIsa<TVector>
    where TVector : struct
{
    /// <summary>The form of quants that <see cref="Dot"/> multiplies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Prepare<TQuants>(TVector q)
        where TQuants : unmanaged, IPanelQuants => sizeof(TQuants) == IQuantCode.Signed ? TIsa.Signed(q) : q;

    /// <summary>sum + q0 * a0 + q1 * a1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Dot<TQuants>(TVector sum, TVector q0, TVector q1, sbyte* a0, sbyte* a1)
        where TQuants : unmanaged, IPanelQuants
    {
        if (sizeof(TQuants) == IQuantCode.Signed)
        {
            return TIsa.DotSigned(TIsa.DotSigned(sum, q0, TIsa.Activations(a0)), q1, TIsa.Activations(a1));
        }

        if (sizeof(TQuants) == 1)
        {
            sum = TIsa.Add(sum, TIsa.Widen(TIsa.Dot(default, q0, TIsa.Activations(a0))));
            return TIsa.Add(sum, TIsa.Widen(TIsa.Dot(default, q1, TIsa.Activations(a1))));
        }

        return sizeof(TQuants) == 2
            ? TIsa.Add(sum, TIsa.Widen(TIsa.Dot(TIsa.Dot(default, q0, TIsa.Activations(a0)), q1, TIsa.Activations(a1))))
            : TIsa.Dot(TIsa.Dot(sum, q0, TIsa.Activations(a0)), q1, TIsa.Activations(a1));
    }
}
