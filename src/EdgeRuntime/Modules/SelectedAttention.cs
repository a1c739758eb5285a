using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.State;

namespace EdgeRuntime.Modules;

/// <summary>
/// Attends to the keys of a <see cref="KeySelection"/>, for the rows that see more than these: collects the keys and values of a row
/// side by side, and runs the attention kernel over them. A part of <see cref="AttentionCore"/>.
/// </summary>
/// <param name="shape">The shape of the attention.</param>
/// <param name="selection">The keys.</param>
internal sealed unsafe class SelectedAttention(AttentionShape shape, KeySelection selection)
{
    private readonly AttentionBatch _batch = new();
    private AttentionKernel? _kernel;
    private long _chunks;
    private long _partials;
    private long _partialBytes;

    public void Plan(ScratchPlan scratch)
    {
        selection.Plan(scratch);
        if (!selection.IsUsed)
        {
            return;
        }

        _kernel = scratch.Isa.CreateAttention(shape, TensorType.F32, TensorType.F32);
        _chunks = scratch.Bytes((long)KvPlan.Chunks(selection.Most) * shape.KvHeads * _kernel.Layout.ChunkBytes);
        _partialBytes = _kernel.MostPartialBytes(selection.Most, sequences: 1, tokens: 1);
        _partials = scratch.Bytes(_partialBytes);
        scratch.UseThread(_kernel.ScratchBytes);
        long lanes = KvLayout.ValueLanes(shape.ValueLength);
        scratch.UseThread(sizeof(float) * (((KvLayout.PanelPositions + 1L) * shape.KeyLength) + lanes));
    }

    /// <summary>Gets the number of rows of a sequence that attend to all keys that they see.</summary>
    public int RowsWithAllKeys(in SequenceRows sequence) =>
        selection.IsUsed ? int.Clamp(selection.Most - sequence.FirstPosition, 0, sequence.Rows) : sequence.Rows;

    /// <summary>Computes the output of the rows with a selection. Ends at a barrier.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="layer">The layer in the cache.</param>
    /// <param name="queries">[rows, heads, key length].</param>
    /// <param name="queryStride">The distance between the queries of two rows, in floats.</param>
    /// <param name="output">[rows, heads, value length].</param>
    public void Attend(PassThread t, int layer, float* queries, int queryStride, float* output)
    {
        for (int row = 0; selection.IsUsed && row < t.Rows; row++)
        {
            if (!selection.Chooses(t, row))
            {
                continue;
            }

            if (t.Index == 0)
            {
                PlanRow(t, queries + ((long)row * queryStride), output + ((long)row * shape.Heads * shape.ValueLength));
            }

            int items = KvPlan.Chunks(selection.Most) * shape.KvHeads;
            for (int item; (item = t.TakeItem()) < items;)
            {
                Collect(t, layer, row, item / shape.KvHeads, item % shape.KvHeads);
            }

            t.Barrier();
            AttentionCore.Compute(t, _batch);
        }
    }

    private void PlanRow(PassThread t, float* query, float* output)
    {
        long chunkBytes = _kernel!.Layout.ChunkBytes;
        _batch.Begin(_kernel, t.Floats(_partials), _partialBytes);
        _batch.Add(new AttentionSlice
        {
            Chunks = (byte*)t.Floats(_chunks),
            ChunkStride = chunkBytes * shape.KvHeads,
            RingChunks = KvPlan.Chunks(selection.Most),
            HeadStride = chunkBytes,
            Queries = query,
            Output = output,
            Start = selection.Most - 1,
            Tokens = 1,
        });
    }

    /// <summary>Copies the chosen keys and values of a row that fill a chunk.</summary>
    private void Collect(PassThread t, int layer, int row, int chunk, int kvHead)
    {
        KvCache cache = t.Pass.SequenceOf(row).State.Cache;
        KvLayout source = cache.Plan.Layers[layer].Layout;
        KvLayout layout = _kernel!.Layout;
        AttentionSlice slice = default;
        cache.Fill(ref slice, layer);
        byte* target = (byte*)t.Floats(_chunks) + (((long)chunk * shape.KvHeads) + kvHead) * layout.ChunkBytes;
        float* panel = (float*)t.Scratch;
        float* key = panel + (KvLayout.PanelPositions * shape.KeyLength);
        float* value = key + shape.KeyLength;
        int first = chunk * KvLayout.ChunkPositions;
        int count = int.Min(KvLayout.ChunkPositions, selection.Most - first);
        int expanded = -1;
        for (int i = 0; i < count; i++)
        {
            int position = selection.Chosen(t, row)[first + i];
            byte* from = slice.Chunk(position / KvLayout.ChunkPositions, kvHead);
            int place = position % KvLayout.ChunkPositions;
            if (position / KvLayout.PanelPositions != expanded)
            {
                expanded = position / KvLayout.PanelPositions;
                source.ExpandKeys(from, place / KvLayout.PanelPositions, panel);
            }

            for (int element = 0; element < shape.KeyLength; element++)
            {
                key[element] = panel[(element * KvLayout.PanelPositions) + (position % KvLayout.PanelPositions)];
            }

            source.ExpandValue(from, place, value);
            layout.StoreKey(target, i, key);
            layout.StoreValue(target, i, value);
        }
    }
}
