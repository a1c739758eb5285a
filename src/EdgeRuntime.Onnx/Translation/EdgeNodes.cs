using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates the first and the last stage.</summary>
internal static class EdgeNodes
{
    /// <summary>Adds the embedding of the tokens.</summary>
    public static string AddEmbedding(GraphContext context, Embedding embedding)
    {
        EmbeddingParts parts = embedding.Parts;
        string x = context.Matrices.LookUp(parts.Table, (int)parts.Table.Rows, context.Batch.Ids);
        x = context.Scale(x, parts.Scale);
        long hidden = parts.Table.Columns;
        if (parts.Type is not null)
        {
            string types = context.Table("token_types", parts.Type, parts.Type.ByteLength / sizeof(float) / hidden, hidden);
            x = context.Binary("Add", x, context.Graph.Add("Gather", [types, context.Graph.Integer(0)]));
        }

        if (parts.Positions is not null)
        {
            string positions = context.Table("positions", parts.Positions, parts.PositionCount, hidden);
            x = context.Binary("Add", x, context.Graph.Add("Gather", [positions, context.Positions]));
        }

        return NormNodes.Add(context, parts.Norm, x);
    }

    /// <summary>Adds the logits of the wanted rows, float32 [batch, rows, vocabulary].</summary>
    public static string AddHead(GraphContext context, Head head, string x)
    {
        HeadParts parts = head.Parts;
        Projection output = parts.Output ?? throw context.Model.Refuse(null, "a model without logits");
        x = context.Graph.Add("Gather", [x, context.Batch.Rows], OnnxAttribute.Of("axis", 1L));
        x = context.Matrices.Multiply(output, NormNodes.Add(context, parts.Norm, x));
        x = context.ToSingle(ActivationNodes.Cap(context, x, head.Cap));
        int missing = parts.Vocabulary - output.Rows;
        return missing == 0 ? x : context.Graph.Add(
            "Pad",
            [x, context.Graph.Integers(0, 0, missing, 0, 0, 0), context.Graph.Single(float.MinValue, ElementKind.Float32)]);
    }
}
