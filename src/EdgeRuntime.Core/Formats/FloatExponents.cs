using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>Finds infinities and NaN by the exponent bits of a float type: only they have all exponent bits set.</summary>
internal static unsafe class FloatExponents
{
    public const uint F32 = 0x7f800000;
    public const ushort F16 = 0x7c00;
    public const ushort BF16 = 0x7f80;

    /// <summary>Gets whether no value has all exponent bits set.</summary>
    /// <param name="values">The bits of the values.</param>
    /// <param name="count">The number of values, a multiple of 16 bytes.</param>
    /// <param name="exponent">The exponent bits of the type.</param>
    public static bool AreFinite<T>(T* values, int count, T exponent)
        where T : unmanaged
    {
        Debug.Assert(count % Vector128<T>.Count == 0, "a rest would be left out");
        Vector128<T> full = Vector128.Create(exponent);
        Vector128<T> bad = default;
        for (int i = 0; i < count; i += Vector128<T>.Count)
        {
            bad |= Vector128.Equals(Vector128.Load(values + i) & full, full);
        }

        return bad == default;
    }
}
