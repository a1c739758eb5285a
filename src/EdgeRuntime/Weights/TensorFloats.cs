using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Weights;

/// <summary>Reads tensors as floats.</summary>
internal static class TensorFloats
{
    // 1 GiB of float32: far above every vector, table or small matrix that models have beside those that are packed.
    private const long MostValues = 1 << 28;

    /// <summary>Gets the format of a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="path">Its file, for messages.</param>
    /// <exception cref="UnsupportedModelException">The type is not supported.</exception>
    public static TensorFormat FormatOf(GgufTensor tensor, string path) => TensorFormats.Find(tensor.Type)
        ?? throw new UnsupportedModelException($"{path}: tensor '{tensor.Name}': {TensorFormats.Refusal(tensor.Type)}");

    /// <summary>
    /// Reads all values of a tensor, [rows, columns]. They are ones if only the header of the file is here, so that an inspection can check
    /// the tensors of a model before it is downloaded.
    /// </summary>
    /// <inheritdoc cref="FormatOf"/>
    /// <exception cref="ModelFormatException">A value is not finite, or there are too many.</exception>
    public static float[] Read(GgufTensor tensor, string path)
    {
        long count = tensor.Rows * tensor.Columns;
        if (count > MostValues)
        {
            throw new ModelFormatException(
                path, tensor.FileOffset, $"tensor '{tensor.Name}' has {count} values; expected at most {MostValues}");
        }

        float[] values = new float[count];
        if (!tensor.HasValues)
        {
            values.AsSpan().Fill(1);
            return values;
        }

        byte[] bytes = new byte[tensor.Rows * tensor.RowBytes];
        tensor.ReadRows(0, bytes);
        FormatOf(tensor, path).Dequantize(bytes, values);
        float scale = tensor.ReadScale();
        if (scale != 1)
        {
            values = Array.ConvertAll(values, value => value * scale);
        }

        int bad = Array.FindIndex(values, static value => !float.IsFinite(value));
        return bad < 0 ? values : throw new ModelFormatException(
            path, tensor.FileOffset, $"tensor '{tensor.Name}': value {bad} is {values[bad]}; expected a finite number");
    }
}
