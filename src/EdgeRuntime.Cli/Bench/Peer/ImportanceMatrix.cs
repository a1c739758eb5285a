using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>Reads importance matrices: how much each input feature of a model's tensors matters to a quantizer.</summary>
/// <remarks>
/// The file has two F32 tensors for each tensor of the model: <c>NAME.in_sum2</c>, the sums of the squared activations
/// [matrices, columns], and <c>NAME.counts</c>, the number of activations [matrices]. Source: llama.cpp, tools/quantize and
/// common/imatrix-loader.cpp.
/// </remarks>
internal static class ImportanceMatrix
{
    private const string SumsSuffix = ".in_sum2";
    private const string CountsSuffix = ".counts";

    /// <summary>Reads a GGUF file that llama.cpp's imatrix tool wrote.</summary>
    /// <returns>The mean of the squared activations [matrices, columns] by tensor name; 1 for a matrix that no activation passed.</returns>
    /// <exception cref="ModelFormatException">The file is damaged or holds no importance matrix.</exception>
    public static Dictionary<string, float[]> Read(string path)
    {
        using GgufFile file = GgufFile.Open(path);
        Dictionary<string, float[]> means = file.Tensors
            .Where(static tensor => tensor.Name.EndsWith(SumsSuffix, StringComparison.Ordinal))
            .ToDictionary(static tensor => tensor.Name[..^SumsSuffix.Length], tensor => ReadMeans(file, tensor));
        return means.Count > 0 ? means : throw new ModelFormatException(
            path,
            -1,
            $"found no importance matrix; expected tensors NAME{SumsSuffix} and NAME{CountsSuffix}, "
            + "as llama.cpp's imatrix tool writes them");
    }

    private static float[] ReadMeans(GgufFile file, GgufTensor sums)
    {
        string countsName = sums.Name[..^SumsSuffix.Length] + CountsSuffix;
        GgufTensor counts = file.FindTensor(countsName) ?? throw new ModelFormatException(
            file.Path, -1, $"tensor '{countsName}' is missing; expected one beside '{sums.Name}'");
        float[] means = ReadFloats(sums);
        float[] matrices = ReadFloats(counts);
        (int columns, int rest) = Math.DivRem(means.Length, matrices.Length);
        if (rest != 0)
        {
            throw new ModelFormatException(
                file.Path,
                counts.FileOffset,
                $"tensor '{countsName}' has {matrices.Length} values for {means.Length} sums; "
                + "expected one for each matrix");
        }

        for (int i = 0; i < means.Length; i++)
        {
            float count = matrices[i / columns];
            means[i] = count > 0 ? means[i] / count : 1;
        }

        return means;
    }

    private static float[] ReadFloats(GgufTensor tensor)
    {
        if (tensor.Type != TensorType.F32)
        {
            throw new ModelFormatException(
                tensor.Part.Path, tensor.FileOffset, $"tensor '{tensor.Name}' has type {tensor.Type}; expected F32");
        }

        float[] values = new float[tensor.ByteLength / sizeof(float)];
        tensor.ReadRows(0, MemoryMarshal.AsBytes(values.AsSpan()));
        int bad = Array.FindIndex(values, static value => !(float.IsFinite(value) && value >= 0));
        return bad < 0 ? values : throw new ModelFormatException(
            tensor.Part.Path,
            tensor.FileOffset,
            FormattableString.Invariant(
                $"tensor '{tensor.Name}': value {bad} is {values[bad]}; expected a finite number, 0 or more"));
    }
}
