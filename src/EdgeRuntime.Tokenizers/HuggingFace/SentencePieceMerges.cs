using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;

namespace EdgeRuntime.HuggingFace;

/// <summary>
/// Finds the merges of a SentencePiece BPE model, which its vocabulary implies: two pieces merge if together they are a piece, and the
/// piece of the highest score comes first. Source: huggingface/transformers, <c>convert_slow_tokenizer.py</c>.
/// </summary>
internal static class SentencePieceMerges
{
    private readonly record struct Merge(string Left, string Right, float Score);

    /// <summary>Finds the merges.</summary>
    /// <param name="pieces">The texts of the tokens, all different.</param>
    /// <param name="scores">The score of each token; empty if they come in the order of their ids.</param>
    /// <returns>The merges, "left right", best first.</returns>
    public static JsonArray Find(string[] pieces, ReadOnlySpan<float> scores)
    {
        var ids = new Dictionary<string, int>(pieces.Length, StringComparer.Ordinal);
        for (int id = 0; id < pieces.Length; id++)
        {
            ids.Add(pieces[id], id);
        }

        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<Merge>();
        for (int id = 0; id < pieces.Length; id++)
        {
            merges.AddRange(Split(pieces[id], scores.IsEmpty ? -id : scores[id], lookup)
                .OrderBy(merge => ids[merge.Left]).ThenBy(merge => ids[merge.Right]));
        }

        // LINQ's sort keeps the order of equal merges.
        return new JsonArray(
        [
            .. merges.OrderByDescending(static merge => merge.Score)
                .ThenByDescending(static merge => merge.Left.Length)
                .ThenByDescending(static merge => merge.Right.Length)
                .Select(static merge => (JsonNode)$"{merge.Left} {merge.Right}"),
        ]);
    }

    private static List<Merge> Split(string piece, float score, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids)
    {
        var merges = new List<Merge>();
        for (int place = 1; place < piece.Length; place++)
        {
            if (ids.ContainsKey(piece.AsSpan(0, place)) && ids.ContainsKey(piece.AsSpan(place)))
            {
                merges.Add(new Merge(piece[..place], piece[place..], score));
            }
        }

        return merges;
    }
}
