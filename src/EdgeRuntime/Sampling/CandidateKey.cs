using System;

namespace EdgeRuntime.Sampling;

/// <summary>
/// Encodes a token and its logit as one integer. The upper half orders logits from best to worst; the lower half is the token id. Keys are
/// therefore distinct, equal logits are ordered by id, and selection compares integers.
/// </summary>
internal static class CandidateKey
{
    public static ulong Of(float logit, int id)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit);

        // Maps IEEE order to unsigned order, best first: inverts all bits but the sign of positive numbers and keeps negative ones.
        uint order = (bits & 0x80000000) == 0 ? bits ^ 0x7FFFFFFF : bits;
        return ((ulong)order << 32) | (uint)id;
    }

    public static int Id(ulong key) => (int)(uint)key;

    public static float Logit(ulong key)
    {
        uint order = (uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((order & 0x80000000) == 0 ? order ^ 0x7FFFFFFF : order);
    }
}
