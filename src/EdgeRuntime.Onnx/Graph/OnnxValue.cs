using System;
using System.Globalization;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Graph;

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">The name.</param>
/// <param name="Kind">The element type.</param>
/// <param name="Dimensions">Numbers, or names of dimensions that vary.</param>
internal sealed record OnnxValue(string Name, ElementKind Kind, string[] Dimensions)
{
    /// <summary>Writes a <c>ValueInfoProto</c>.</summary>
    public void Write(ProtoWriter writer)
    {
        writer.Text(1, Name);
        writer.Message(2, type => type.Message(1, WriteTensorType));
    }

    private static void WriteDimension(ProtoWriter writer, string dimension)
    {
        if (long.TryParse(dimension, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
        {
            writer.Integer(1, number);
        }
        else
        {
            writer.Text(2, dimension);
        }
    }

    private void WriteTensorType(ProtoWriter writer)
    {
        writer.Integer(1, (int)Kind);
        writer.Message(2, shape => Array.ForEach(Dimensions, dimension => shape.Message(1, one => WriteDimension(one, dimension))));
    }
}
