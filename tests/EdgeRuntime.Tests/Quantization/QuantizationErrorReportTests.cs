using System;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Quantization;

public sealed class QuantizationErrorReportTests : IDisposable
{
    private const string Name = "blk.0.ffn_up.weight";

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-errors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The figures are those of a file that the quantizer makes.</summary>
    [Theory]
    [InlineData(TensorType.Q8_0)]
    [InlineData(TensorType.IQ4_NL)]
    public void Measure_Type_HasTheErrorOfTheQuantizedFile(TensorType type)
    {
        string path = Path.Combine(_folder, "made.gguf");
        ModelQuantizer.Run(TestModels.Stories, path, new QuantizationOptions
        {
            Mix = QuantizationMix.Find(type.ToString()),
            TensorTypes = [new(".", type)],
        });
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        using GgufFile made = GgufFile.Open(path);
        GgufComparison comparison = GgufComparison.Compare(source, made);
        QuantizationErrorReport report = Measure(TestModels.Stories, new() { Types = [type] });
        TensorErrorReport[] whole = [.. report.Tensors.Where(static tensor => tensor.Types.Count > 0)]; // rows of whole blocks
        Assert.NotEmpty(whole);
        foreach (TensorErrorReport tensor in whole)
        {
            GgufTensorDifference difference = comparison.Tensors.Single(other => other.Name == tensor.Name);
            Assert.Equal(difference.RelativeError!.Value, tensor.Types.Single().RelativeError, 1e-6);
        }
    }

    /// <summary>Two bits have the numbers -1, 0 and 1 on both sides of 0, or four from the least weight to the greatest.</summary>
    [Fact]
    public void Measure_PlainRounding_HasTheErrorsOfItsDefinition()
    {
        TensorErrorReport tensor = Measure(
            Write([-1, 0.5f, 0.25f, 0, 0.5f, -0.25f, 0.125f, 0], columns: 4), new() { Bits = [2], GroupSize = 2 }).Tensors.Single();
        const double Squares = 1.3125 + (1.3125 / 4);
        AssertError(ScaleGranularity.Tensor, isSymmetric: true, 0.3125 + 0.328125, 2 + (16 / 8.0));
        AssertError(ScaleGranularity.Tensor, isSymmetric: false, 0.0625 + 0.0625 + 0.015625, 2 + (32 / 8.0));
        AssertError(ScaleGranularity.Row, isSymmetric: true, 0.3125 * 1.25, 2 + (16 / 4.0));
        AssertError(ScaleGranularity.Row, isSymmetric: false, 0.0625 * 1.25, 2 + (32 / 4.0));
        AssertError(ScaleGranularity.Group, isSymmetric: true, 0.25 * 1.25, 2 + (16 / 2.0));
        AssertError(ScaleGranularity.Group, isSymmetric: false, 0, 2 + (32 / 2.0), tolerance: 1e-3);
        Assert.Empty(tensor.Types);
        Assert.Equal((-1, 0.5f), (tensor.Least, tensor.Greatest));
        Assert.Equal(0.125 / 8, tensor.Mean, 6);
        Assert.Equal(8, tensor.Weights);

        void AssertError(ScaleGranularity granularity, bool isSymmetric, double squaredError, double bits, double tolerance = 1e-6)
        {
            SchemeError error = tensor.Schemes.Single(error => error.Scheme == new QuantizationScheme(2, granularity, isSymmetric));
            Assert.Equal(Math.Sqrt(squaredError / Squares), error.RelativeError, tolerance);
            Assert.Equal(bits, error.BitsPerWeight, 9);
        }
    }

    /// <summary>Of 400 weights 399 are 1 or -1 and one is 100.</summary>
    [Fact]
    public void Measure_Outlier_IsCounted()
    {
        float[] weights = [.. Enumerable.Range(0, 400).Select(static i => i % 2 == 0 ? 1f : -1f)];
        weights[7] = 100;
        TensorErrorReport tensor = Measure(Write(weights, columns: 40), new()).Tensors.Single();
        Assert.Equal(1 / 400.0, tensor.OutlierShare, 9);
        Assert.Equal(weights.Average(static weight => (double)weight), tensor.Mean, 9);
        double variance = weights.Average(weight => Math.Pow(weight - tensor.Mean, 2));
        Assert.Equal(Math.Sqrt(variance), tensor.Deviation, 9);
        Assert.Equal((100 - tensor.Mean) / tensor.Deviation, tensor.LargestDeviation, 9);
        Assert.Equal(weights.Average(weight => Math.Pow(weight - tensor.Mean, 4)) / (variance * variance) - 3, tensor.Kurtosis, 6);
    }

    [Fact]
    public void Measure_AnyNumberOfThreads_GivesTheSameFigures()
    {
        QuantizationErrorOptions options = new() { Types = [TensorType.Q4_0, TensorType.Q5_1], Threads = 1 };
        TensorErrorReport[] expected = [.. Measure(TestModels.Stories, options).Tensors];
        TensorErrorReport[] found = [.. Measure(TestModels.Stories, options with { Threads = 3 }).Tensors];
        Assert.Equal(expected.SelectMany(static tensor => tensor.Types), found.SelectMany(static tensor => tensor.Types));
        Assert.Equal(expected.SelectMany(static tensor => tensor.Schemes), found.SelectMany(static tensor => tensor.Schemes));
    }

    [Fact]
    public void Measure_LargeTensor_MeasuresRowsAtEvenDistances()
    {
        float[] weights = new float[100 * 32];
        weights.AsSpan(25 * 32, 32).Fill(1); // row 25 is measured, row 26 is not
        weights.AsSpan(26 * 32, 32).Fill(-5);
        TensorErrorReport tensor = Measure(Write(weights, columns: 32), new() { MaxWeights = 4 * 32 }).Tensors.Single();
        Assert.Equal((100, 4), (tensor.Rows, tensor.MeasuredRows));
        Assert.Equal((0, 1), (tensor.Least, tensor.Greatest));
    }

    /// <summary>A column without importance adds nothing, though it has the greatest error of plain rounding.</summary>
    [Fact]
    public void Measure_WithImportance_WeightsTheColumns()
    {
        string source = Write([1, 0.5f, 1, 0.5f], columns: 2);
        string sums = SmallFiles.Write(
            Path.Combine(_folder, "imatrix.gguf"), "imatrix", (Name + ".in_sum2", [1, 0], [2]), (Name + ".counts", [1], [1]));
        var options = new QuantizationErrorOptions { Bits = [2], Importance = ImportanceMatrix.Load(sums) };
        TensorErrorReport tensor = Measure(source, options).Tensors.Single();
        Assert.True(tensor.HasImportance);
        Assert.Equal(0, tensor.Schemes.First(static error => error.Scheme.IsSymmetric).RelativeError, 6);
        string message = Assert.Throws<ArgumentException>(() => Measure(TestModels.Stories, options)).Message;
        Assert.Contains("the importance matrix is of another model", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN, "found the weight NaN in row 1")]
    [InlineData(1e6f, "at most 65504 for F16")]
    public void Measure_WeightThatIsNone_IsRefused(float weight, string expected)
    {
        string source = Write([0, 0, 0, weight], columns: 2);
        string message = Assert.Throws<ModelFormatException>(() => Measure(source, new())).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_Cancelled_Throws()
    {
        using GgufFile source = GgufFile.Open(TestModels.Stories);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => QuantizationErrorReport.Measure(source, new(), null, cancelled.Token));
    }

    private static QuantizationErrorReport Measure(string path, QuantizationErrorOptions options)
    {
        using GgufFile source = GgufFile.Open(path);
        return QuantizationErrorReport.Measure(source, options);
    }

    private string Write(float[] weights, int columns) => SmallFiles.Write(
        Path.Combine(_folder, $"{Guid.NewGuid():N}.gguf"), "model", (Name, weights, [columns, weights.Length / columns]));
}
