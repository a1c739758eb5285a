using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class ImportanceMatrixTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A stack of two matrices, of which no activation passed the second.</summary>
    [Fact]
    public void Read_SumsAndCounts_GivesMeans()
    {
        string path = Write(
            ("a.weight.in_sum2", [2, 4, 6, 7, 8, 9]), ("a.weight.counts", [2, 0]), ("b.weight.counts", [3]), ("b.weight.in_sum2", [6]));
        Dictionary<string, float[]> means = ImportanceMatrix.Read(path);
        Assert.Equal(["a.weight", "b.weight"], means.Keys.Order());
        Assert.Equal([1, 2, 3, 1, 1, 1], means["a.weight"]);
        Assert.Equal([2], means["b.weight"]);
    }

    [Fact]
    public void Requantize_FilesThatHoldNoImportanceMatrix_AreRefusedInOneLine()
    {
        Refused("found no importance matrix; expected tensors NAME.in_sum2", Edgert.Stories);
        Refused("tensor 'a.counts' is missing", Write(("a.in_sum2", [1])));
        Refused("has 2 values for 3 sums", Write(("a.in_sum2", [1, 2, 3]), ("a.counts", [1, 1])));
        Refused("value 1 is NaN", Write(("a.in_sum2", [1, float.NaN]), ("a.counts", [1])));
        Refused("value 0 is -1", Write(("a.in_sum2", [1]), ("a.counts", [-1])));
        Refused("no such file", _folder.File("none.gguf"));
    }

    [Theory]
    [InlineData("bench", "--imatrix", "x.gguf")]
    [InlineData("bench", "--make-model", "tiny:Q4_0", "out.gguf", "--imatrix", "x.gguf")]
    public void Imatrix_WithoutRequantize_IsRefused(params string[] command)
    {
        EdgertResult result = Edgert.Run(command);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("--imatrix has no meaning without --requantize", result.ExpectErrorLine(result.ExitCode), StringComparison.Ordinal);
    }

    private void Refused(string expected, string path)
    {
        string output = _folder.File("out.gguf");
        string[] command = ["bench", "--requantize", "libllama=/nowhere", Edgert.Stories, "IQ2_S", output, "--imatrix", path];
        Assert.Contains(expected, Edgert.Run(command).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    private string Write(params (string Name, float[] Values)[] tensors)
    {
        string path = _folder.File("imatrix.gguf");
        using FileStream stream = File.Create(path);
        var writer = new GgufWriter(stream);
        Array.ForEach(tensors, tensor => writer.AddTensor(tensor.Name, TensorType.F32, tensor.Values.Length));
        Array.ForEach(tensors, tensor => writer.WriteData(MemoryMarshal.AsBytes<float>(tensor.Values)));
        writer.Complete();
        return path;
    }
}
