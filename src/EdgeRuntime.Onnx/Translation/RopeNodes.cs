using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.State;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates rotations. The cosines and sines of all positions are constants, so every kind of scaling is one operator.</summary>
internal sealed class RopeNodes(GraphContext context)
{
    /// <summary>The rotated elements of which attention takes multiples only.</summary>
    private const int FusedMultiple = 16;

    /// <summary>Gets whether attention can rotate by itself.</summary>
    public bool CanFuse(Rotation rotation) => context.Profile.FusesRope && rotation.Rope.Dimensions % FusedMultiple == 0;

    /// <summary>Gets the attribute for the pairs of elements.</summary>
    public static long IsInterleaved(RopeSpec rope) => rope.Pairing == RopePairing.Norm ? 1 : 0;

    /// <summary>Adds the cosines and sines of all positions, [context, pairs] each.</summary>
    public (string Cos, string Sin) Tables(Rotation rotation)
    {
        long[] shape = [context.Model.ContextLength, rotation.Pairs];
        return (
            context.Constant("rope.cos", ("cos", rotation), () => Compute(rotation).Cos, shape),
            context.Constant("rope.sin", ("sin", rotation), () => Compute(rotation).Sin, shape));
    }

    /// <summary>Adds the rotation of heads.</summary>
    /// <param name="rotation">The rope.</param>
    /// <param name="x">[batch, tokens, heads * length].</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="length">The width of a head.</param>
    public string Rotate(Rotation rotation, string x, int heads, int length)
    {
        (string cos, string sin) = Tables(rotation);
        long rotated = rotation.Rope.Dimensions == length ? 0 : rotation.Rope.Dimensions;
        return context.Graph.Add(
            "RotaryEmbedding",
            [x, context.Positions, cos, sin],
            OnnxAttribute.Of("interleaved", IsInterleaved(rotation.Rope)),
            OnnxAttribute.Of("num_heads", (long)heads),
            OnnxAttribute.Of("rotary_embedding_dim", rotated));
    }

    private (float[] Cos, float[] Sin) Compute(Rotation rotation)
    {
        int length = context.Model.ContextLength;
        var table = new RopeTable(rotation.Rope, length);
        float[] cos = new float[checked(length * table.Pairs)];
        float[] sin = new float[cos.Length];
        for (int position = 0; position < length; position++)
        {
            table.Fill(position, cos.AsSpan(position * table.Pairs, table.Pairs), sin.AsSpan(position * table.Pairs, table.Pairs));
        }

        return (cos, sin);
    }
}
