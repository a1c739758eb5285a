using System;
using System.Globalization;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Graph;

/// <summary>A constant of a graph.</summary>
/// <param name="Name">The name.</param>
/// <param name="Kind">The element type.</param>
/// <param name="Dimensions">The shape.</param>
/// <param name="Bytes">The values; null if they lie in the data file.</param>
/// <param name="Range">The place of the values in the data file.</param>
internal sealed record OnnxConstant(string Name, ElementKind Kind, long[] Dimensions, byte[]? Bytes, DataRange Range)
{
    private const int External = 1; // TensorProto.DataLocation

    /// <summary>Writes a <c>TensorProto</c>.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="data">Where the data of the model lies.</param>
    public void Write(ProtoWriter writer, DataLocation data)
    {
        Array.ForEach(Dimensions, dimension => writer.Integer(1, dimension));
        writer.Integer(2, (int)Kind);
        writer.Text(8, Name);
        if (Bytes is not null)
        {
            writer.Bytes(9, Bytes);
            return;
        }

        WriteEntry(writer, "location", data.File);
        WriteEntry(writer, "offset", (data.Start + Range.Offset).ToString(CultureInfo.InvariantCulture));
        WriteEntry(writer, "length", Range.Length.ToString(CultureInfo.InvariantCulture));
        writer.Integer(14, External);
    }

    private static void WriteEntry(ProtoWriter writer, string key, string value) => writer.Message(13, entry =>
    {
        entry.Text(1, key);
        entry.Text(2, value);
    });
}
