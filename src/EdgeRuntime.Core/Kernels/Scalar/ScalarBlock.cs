using System;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Scalar;

/// <summary>One float at a time.</summary>
internal readonly unsafe struct ScalarBlock : IBlockVector
{
    public static int AbsoluteMaximumBits(float* x)
    {
        int maximum = 0;
        for (int i = 0; i < ActivationLayout.BlockColumns; i++)
        {
            maximum = Math.Max(maximum, BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue);
        }

        return maximum;
    }

    public static (int First, int Last) Round(float* x, float factor, sbyte* q)
    {
        int first = 0, last = 0;
        for (int i = 0; i < ActivationLayout.BlockColumns; i++)
        {
            q[i] = (sbyte)MathF.Round(x[i] * factor, MidpointRounding.ToEven);
            first += i < 16 ? q[i] : 0;
            last += i < 16 ? 0 : q[i];
        }

        return (first, last);
    }
}
