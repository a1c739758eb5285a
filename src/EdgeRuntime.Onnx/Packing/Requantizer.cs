using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Quantizes the rows of a tensor to another type, and measures the error.</summary>
/// <param name="source">The type of the tensor.</param>
/// <param name="target">The new type.</param>
/// <param name="results">Receives the result of each tensor.</param>
internal sealed class Requantizer(TensorFormat source, TensorFormat target, ICollection<RequantizedTensor> results)
{
    private readonly Lock _lock = new();
    private double _squares;
    private double _errors;

    /// <summary>Converts a row. Rows may be converted by several threads at once.</summary>
    public byte[] Convert(ReadOnlySpan<byte> row, TensorRows rows, int index)
    {
        float[] values = new float[rows.Columns];
        source.Dequantize(row, values);
        rows.RequireFinite(values, index);
        byte[] result = new byte[target.RowBytes(rows.Columns)];
        target.QuantizeRows(values, rows.Columns, importance: default, result);
        float[] rounded = new float[rows.Columns];
        target.Dequantize(result, rounded);
        Measure(values, rounded);
        return result;
    }

    /// <summary>Reports the error of a tensor and begins the next one.</summary>
    public void Report(GgufTensor tensor)
    {
        double error = _squares == 0 ? 0 : Math.Sqrt(_errors / _squares);
        results.Add(new RequantizedTensor(tensor.Name, tensor.Type.ToString(), target.Type.ToString(), error));
        (_squares, _errors) = (0, 0);
    }

    private void Measure(float[] values, float[] rounded)
    {
        double squares = 0;
        double errors = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double difference = (double)values[i] - rounded[i];
            squares += (double)values[i] * values[i];
            errors += difference * difference;
        }

        lock (_lock)
        {
            _squares += squares;
            _errors += errors;
        }
    }
}
