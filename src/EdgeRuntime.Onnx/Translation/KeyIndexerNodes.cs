using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates the choice of keys by an indexer to a mask, which is added to the scores of attention.</summary>
/// <param name="context">The context.</param>
/// <param name="prefix">The layer, for messages.</param>
/// <param name="parts">The indexer.</param>
internal sealed class KeyIndexerNodes(GraphContext context, string prefix, KeyIndexerParts parts)
{
    private readonly KeyIndexerSpec _spec = parts.Spec;

    private OnnxGraph Graph => context.Graph;

    /// <summary>Adds the choice of keys for each token.</summary>
    /// <param name="context">The context.</param>
    /// <param name="prefix">The layer, for messages.</param>
    /// <param name="indexer">The indexer.</param>
    /// <param name="most">The number of keys to choose. A token that sees no more than these attends to all that it sees.</param>
    /// <param name="x">[batch, tokens, hidden]: the input of the layer.</param>
    /// <param name="lowRank">[batch, tokens, query rank]: the low-rank queries.</param>
    /// <returns>0 for chosen keys, the least number for others, [batch, 1, tokens, total length].</returns>
    public static string Add(GraphContext context, string prefix, KeyIndexerParts indexer, int most, string x, string lowRank)
    {
        var nodes = new KeyIndexerNodes(context, prefix, indexer);
        return nodes.Choose(nodes.Scores(nodes.Queries(lowRank), nodes.Keys(x), nodes.Weights(x)), most);
    }

    /// <summary>Adds the queries of all heads, [batch, tokens * heads, key length].</summary>
    private string Queries(string lowRank)
    {
        string query = Rotate(context.Matrices.Multiply(parts.Query, lowRank), _spec.Heads);
        return context.Reshape(query, 0, -1, _spec.KeyLength);
    }

    /// <summary>
    /// Adds the keys of all positions, [batch, total length, key length]. The cache of keys holds the first half of their elements, that of
    /// values the second one.
    /// </summary>
    private string Keys(string x)
    {
        string key = Rotate(NormNodes.Add(context, parts.KeyNorm, context.Matrices.Multiply(parts.Key, x)), heads: 1);
        var halves = new AttentionSpec
        {
            Heads = 1,
            KvHeads = 1,
            KeyLength = (_spec.KeyLength + 1) / 2,
            ValueLength = _spec.KeyLength / 2,
            Scale = 1,
        };
        string[] split = context.Split(key, halves.KeyLength, halves.ValueLength);
        var cache = new CachedAttention(context, prefix, halves, rotation: null, sinks: null);
        (string first, string second) = cache.Append(split[0], split[1]);
        return context.Concat([first, second], axis: -1);
    }

    /// <summary>Adds the weights of the heads, [batch, tokens, 1, heads].</summary>
    private string Weights(string x) => context.Reshape(context.Matrices.Multiply(parts.Weight, x), 0, 0, 1, _spec.Heads);

    /// <summary>Adds sum over heads h of w_h relu(q_h k), [batch, tokens, total length].</summary>
    private string Scores(string queries, string keys, string weights)
    {
        string transposed = Graph.Add("Transpose", [keys], OnnxAttribute.Of("perm", [0L, 2L, 1L]));
        string products = Graph.Add("Relu", [context.Binary("MatMul", queries, transposed)]);
        string shape = context.Concat([context.BatchShape, Graph.Integers(_spec.Heads, -1)], axis: 0);
        products = Graph.Add("Reshape", [products, shape]);
        return Graph.Add("Squeeze", [context.Binary("MatMul", weights, products), Graph.Integers(2)]);
    }

    /// <summary>Adds the mask of the largest scores of each token; of equal ones the first.</summary>
    private string Choose(string scores, int most)
    {
        string isSeen = context.Binary(
            "LessOrEqual", context.KeyPositions, Graph.Add("Unsqueeze", [context.Positions, Graph.Integers(2)]));
        string least = context.Number(context.LeastNumber);
        string seen = Graph.Add("Where", [isSeen, scores, least]);
        string count = context.Binary("Min", context.ToInt64(context.Batch.TotalLength), Graph.Integer(most));
        string chosen = Graph.NewName("chosen");
        Graph.Add(
            "TopK", [seen, Graph.Add("Unsqueeze", [count, Graph.Integers(0)])], [$"{chosen}.scores", chosen],
            OnnxAttribute.Of("axis", -1L), OnnxAttribute.Of("sorted", 0L));
        string none = Graph.Add("Expand", [least, Graph.Add("Shape", [seen])]);
        string zeros = Graph.Add("Expand", [context.Number(0), Graph.Add("Shape", [chosen])]);
        string mask = Graph.Add("ScatterElements", [none, chosen, zeros], OnnxAttribute.Of("axis", -1L));
        return Graph.Add("Unsqueeze", [mask, Graph.Integers(1)]);
    }

    /// <summary>Adds the rotation of a part of each head, [batch, tokens, heads * key length].</summary>
    private string Rotate(string x, int heads)
    {
        if (_spec.FirstRotated == 0)
        {
            return context.Ropes.Rotate(parts.Rotation, x, heads, _spec.KeyLength);
        }

        int last = _spec.KeyLength - _spec.FirstRotated;
        string[] split = context.Split(context.Reshape(x, 0, 0, heads, _spec.KeyLength), _spec.FirstRotated, last);
        string rotated = context.Ropes.Rotate(parts.Rotation, context.Reshape(split[1], 0, 0, heads * last), heads, last);
        string joined = context.Concat([split[0], context.Reshape(rotated, 0, 0, heads, last)], axis: -1);
        return context.Reshape(joined, 0, 0, heads * _spec.KeyLength);
    }
}
