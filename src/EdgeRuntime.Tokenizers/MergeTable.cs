using System;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>
/// Maps a merge to its rank (0 is best). A merge is the merged piece and the length of its left part; the two parts follow from these. So
/// reading a list of merges looks up no parts.
/// </summary>
internal sealed class MergeTable
{
    private readonly Merge[] _merges; // [rank]
    private int[] _first; // [piece] the first merge of the piece, as the rank + 1; 0 for none

    /// <param name="pieces">The expected number of pieces. The table grows beyond it if necessary.</param>
    /// <param name="merges">The number of merges.</param>
    public MergeTable(int pieces, int merges)
    {
        _merges = new Merge[merges];
        _first = new int[pieces];
    }

    /// <summary>Adds a merge. If it exists already, the first one is kept.</summary>
    /// <param name="rank">The rank. The ranks of successive calls ascend.</param>
    /// <param name="merged">The id of the merged piece.</param>
    /// <param name="left">The number of bytes of the left part.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int rank, int merged, int left)
    {
        if (merged >= _first.Length)
        {
            Array.Resize(ref _first, Math.Max(merged + 1, _first.Length + (_first.Length / 2)));
        }

        // A chain has at most one merge for each byte of the piece, so that a hostile list costs no more than reading it.
        ref int next = ref _first[merged];
        while (next != 0)
        {
            ref Merge merge = ref _merges[next - 1];
            if (merge.Left == left)
            {
                return;
            }

            next = ref merge.Next;
        }

        next = rank + 1;
        _merges[rank].Left = left;
    }

    /// <summary>Gets whether a merge makes a piece.</summary>
    public bool HasMerges(int piece) => piece < _first.Length && _first[piece] != 0;

    /// <summary>Gets the rank of a merge, or -1 if there is no such merge.</summary>
    /// <inheritdoc cref="Add" path="/param"/>
    public int Find(int merged, int left)
    {
        int next = merged < _first.Length ? _first[merged] : 0;
        while (next != 0 && _merges[next - 1].Left != left)
        {
            next = _merges[next - 1].Next;
        }

        return next - 1;
    }

    /// <summary>A merge in the chain of the merges of one piece.</summary>
    private struct Merge
    {
        /// <summary>The number of bytes of the left part.</summary>
        public int Left;

        /// <summary>The next merge of the piece, as the rank + 1; 0 for none.</summary>
        public int Next;
    }
}
