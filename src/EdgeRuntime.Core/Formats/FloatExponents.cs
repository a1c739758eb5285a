using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace EdgeRuntime.Formats;

/// <summary>The exponent bits of the float types: all of them set is what infinity and NaN have in common.</summary>
internal static unsafe class FloatExponents
{
    public const uint F32 = 0x7f800000;
    public const ushort F16 = 0x7c00;
    public const ushort BF16 = 0x7f80;

    /// <summary>Whether no value has all of these bits.</summary>
    /// <param name="values">The values' bits.</param>
    /// <param name="count">How many: whole vectors of 16 bytes.</param>
    /// <param name="exponent">The type's bits.</param>
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
