using System;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Memory;

namespace EdgeRuntime.State;

/// <summary>How a layer's keys turn when they move to another position; the default for keys that no rotation marks.</summary>
/// <param name="Cos">[rotated / 2]: cosines of the angles, without any magnitude factor.</param>
/// <param name="Sin">[rotated / 2]: sines.</param>
/// <param name="Pairing">The model's.</param>
/// <param name="First">First element of a key that rotates.</param>
internal readonly record struct KvTurn(ReadOnlyMemory<float> Cos, ReadOnlyMemory<float> Sin, RopePairing Pairing, int First = 0);

internal sealed unsafe partial class KvCache
{
    /// <summary>Whether <see cref="Shift"/> is possible: every layer keeps all positions.</summary>
    public bool CanShift => IsWhole;

    /// <summary>
    /// Drops the positions [keep, keep + count) and moves the later ones down. Their keys are turned back by
    /// <paramref name="count"/> positions and rounded again; values move as they are.
    /// </summary>
    /// <param name="keep">Positions at the start that stay.</param>
    /// <param name="count">Positions to drop.</param>
    /// <param name="turns">[layers]: the rotation by -count positions.</param>
    /// <exception cref="ArgumentOutOfRangeException">The cache has no such positions, or a turn does not fit its keys.</exception>
    /// <exception cref="InvalidOperationException">A layer keeps only a window: ask <see cref="CanShift"/>.</exception>
    public void Shift(int keep, int count, ReadOnlySpan<KvTurn> turns)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)keep, (uint)Length, nameof(keep));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Length - keep), nameof(count));
        ArgumentOutOfRangeException.ThrowIfNotEqual(turns.Length, Plan.Layers.Length, nameof(turns));
        if (!CanShift)
        {
            throw new InvalidOperationException("a KV cache of which layers keep only a window cannot be shifted");
        }

        for (int layer = 0; layer < turns.Length; layer++)
        {
            KvLayout layout = Plan.Layers[layer].Layout;
            ArgumentOutOfRangeException.ThrowIfGreaterThan(turns[layer].First + (2 * turns[layer].Cos.Length), layout.KeyLength, nameof(turns));
            ArgumentOutOfRangeException.ThrowIfNotEqual(turns[layer].Sin.Length, turns[layer].Cos.Length, nameof(turns));
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
                // The panel is read before any of its lanes is overwritten: positions only move down.
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
                    Rope.Apply(key + turn.First, 1, layout.KeyLength - turn.First, 2 * turn.Cos.Length, cos, sin, turn.Pairing);
                }

                int to = position - count;
                layout.StoreKey(Chunk(layer, kvHead, to), to % KvLayout.ChunkPositions, key);
            }
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
