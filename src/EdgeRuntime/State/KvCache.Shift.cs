using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>The rotation of a layer's keys that move to another position; the default for keys without a rotation.</summary>
/// <param name="Cos">[rotated / 2]: cosines of the angles, without any magnitude factor.</param>
/// <param name="Sin">[rotated / 2]: sines.</param>
/// <param name="Pairing">The pairing of the model's rope.</param>
/// <param name="First">The first element of a key that rotates.</param>
internal readonly record struct KvTurn(ReadOnlyMemory<float> Cos, ReadOnlyMemory<float> Sin, RopePairing Pairing, int First = 0);

internal sealed unsafe partial class KvCache
{
    /// <summary>Gets whether <see cref="Shift"/> is possible: every layer keeps all positions.</summary>
    public bool CanShift => IsWhole;

    /// <summary>
    /// Drops the positions [keep, keep + count) and moves the later ones down. Their keys are rotated back by <paramref name="count"/>
    /// positions and rounded again. Values do not change.
    /// </summary>
    /// <param name="keep">The number of positions at the start that stay.</param>
    /// <param name="count">The number of positions to drop.</param>
    /// <param name="turns">[layers]: the rotation by -count positions.</param>
    /// <exception cref="ArgumentOutOfRangeException">The cache has no such positions, or a rotation does not fit its keys.</exception>
    /// <exception cref="InvalidOperationException"><see cref="CanShift"/> is false: a layer keeps only a window.</exception>
    public void Shift(int keep, int count, ReadOnlySpan<KvTurn> turns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)keep, (uint)Length, nameof(keep));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Length - keep), nameof(count));
        ArgumentOutOfRangeException.ThrowIfNotEqual(turns.Length, Plan.Layers.Length, nameof(turns));
        if (!CanShift)
        {
            throw new InvalidOperationException("a KV cache with layers that keep only a window can't be shifted");
        }

        for (int layer = 0; layer < turns.Length; layer++)
        {
            KvLayout layout = Plan.Layers[layer].Layout;
            KvTurn turn = turns[layer];
            ArgumentOutOfRangeException.ThrowIfGreaterThan(turn.First + (2 * turn.Cos.Length), layout.KeyLength, nameof(turns));
            ArgumentOutOfRangeException.ThrowIfNotEqual(turn.Sin.Length, turn.Cos.Length, nameof(turns));
        }

        for (int layer = 0; layer < turns.Length && count > 0; layer++)
        {
            using NativeBuffer scratch = new(sizeof(float) * (KvLayout.PanelPositions + 1L) * Plan.Layers[layer].Layout.KeyLength);
            for (int kvHead = 0; kvHead < Plan.Geometries[layer].KvHeads; kvHead++)
            {
                ShiftKeys(layer, kvHead, keep, count, turns[layer], (float*)scratch.Pointer);
                ShiftValues(layer, kvHead, keep, count);
            }
        }

        Length -= count;
    }

    private void ShiftKeys(int layer, int kvHead, int keep, int count, KvTurn turn, float* scratch)
    {
        KvLayout layout = Plan.Layers[layer].Layout;
        float* panel = scratch;
        float* key = scratch + (KvLayout.PanelPositions * layout.KeyLength);
        int expanded = -1;
        fixed (float* cos = turn.Cos.Span, sin = turn.Sin.Span)
        {
            for (int position = keep + count; position < Length; position++)
            {
                // Positions only move down, so a panel is read before any of its lanes is overwritten.
                if (position / KvLayout.PanelPositions != expanded)
                {
                    expanded = position / KvLayout.PanelPositions;
                    int panelOfChunk = position % KvLayout.ChunkPositions / KvLayout.PanelPositions;
                    layout.ExpandKeys(Chunk(layer, kvHead, position), panelOfChunk, panel);
                }

                for (int i = 0; i < layout.KeyLength; i++)
                {
                    key[i] = panel[(i * KvLayout.PanelPositions) + (position % KvLayout.PanelPositions)];
                }

                if (turn.Cos.Length > 0)
                {
                    TransformKey(layer, key);
                    Rope.Apply(key + turn.First, 1, layout.KeyLength - turn.First, 2 * turn.Cos.Length, cos, sin, turn.Pairing);
                    TransformKey(layer, key);
                }

                int to = position - count;
                layout.StoreKey(Chunk(layer, kvHead, to), to % KvLayout.ChunkPositions, key);
            }
        }
    }

    /// <summary>Brings a key from its form in the cache into the model's, or back.</summary>
    private void TransformKey(int layer, float* key)
    {
        KvGeometry geometry = Plan.Geometries[layer];
        if (HadamardTransform.AppliesTo(geometry.KeyType, geometry.KeyLength))
        {
            HadamardTransform.Apply(key, geometry.KeyLength);
        }
    }

    private void ShiftValues(int layer, int kvHead, int keep, int count)
    {
        int bytes = Plan.Layers[layer].Layout.ValueRowBytes;
        for (int position = keep + count; position < Length; position++)
        {
            new ReadOnlySpan<byte>(ValueRow(layer, kvHead, position), bytes)
                .CopyTo(new Span<byte>(ValueRow(layer, kvHead, position - count), bytes));
        }
    }

    private byte* ValueRow(int layer, int kvHead, int position) =>
        Plan.Layers[layer].Layout.ValueRow(Chunk(layer, kvHead, position), position % KvLayout.ChunkPositions);
}
