using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates linear attention with a fixed decay for each head.</summary>
internal static class LightningAttentionNodes
{
    /// <summary>Adds a layer of lightning attention.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The layer.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string Add(GraphContext context, Branch branch, string x)
    {
        LightningAttentionParts parts = ((LightningAttention)branch).Parts;
        LightningAttentionSpec spec = parts.Spec;
        string mixed = ActivationNodes.Add(context, Activation.Silu, context.Matrices.Multiply(parts.Mixed, x));
        mixed = context.Reshape(mixed, 0, 0, spec.Heads, 3 * spec.HeadSize);
        string[] vectors = context.Split(mixed, spec.HeadSize, spec.HeadSize, spec.HeadSize);
        string y = Scan(context, branch, spec, vectors);
        y = NormNodes.Add(context, parts.Norm, context.Reshape(y, 0, 0, spec.Width));
        y = ActivationNodes.Gate(context, Activation.Sigmoid, default, context.Matrices.Multiply(parts.Gate, x), y);
        return context.Matrices.Multiply(parts.Output, y);
    }

    /// <summary>Adds S = decay S + k v^T, y = S^T q.</summary>
    private static string Scan(GraphContext context, Branch branch, LightningAttentionSpec spec, string[] vectors)
    {
        float[] Decays() => [.. Enumerable.Range(0, spec.Heads).Select(spec.Decay)];
        string decay = context.ToSingle(context.Constant("decay", spec, () => Decays(), spec.Heads, 1, 1));
        var recurrence = new RecurrenceNodes(context, branch.Prefix);
        string query = recurrence.AddInput(vectors[0], spec.Heads, 1, spec.HeadSize);
        string key = recurrence.AddInput(vectors[1], spec.Heads, spec.HeadSize, 1);
        string value = recurrence.AddInput(vectors[2], spec.Heads, 1, spec.HeadSize);
        return recurrence.Add([spec.Heads, spec.HeadSize, spec.HeadSize], [spec.Heads, 1, spec.HeadSize], state =>
        {
            string next = context.Binary("Add", context.Binary("Mul", state, decay), context.Binary("Mul", key, value));
            return (next, context.Binary("MatMul", query, next));
        });
    }
}
