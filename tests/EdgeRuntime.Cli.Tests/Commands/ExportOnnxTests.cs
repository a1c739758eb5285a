using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

public sealed class ExportOnnxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("onnx-cpu")]
    [InlineData("dml")]
    public void ExportOnnx_Model_WritesTheFolder(string device)
    {
        string folder = _folder.File("model");
        EdgertResult result = Edgert.Run("export-onnx", Edgert.Stories, folder, "--device", device, "--ctx", "128").Expect(0);
        Assert.Contains($" to {folder}\n", result.Error, StringComparison.Ordinal);
        Assert.Equal(
            ["engine.onnx", "genai_config.json", "model.onnx", "model.onnx.data", "tokenizer.json", "tokenizer_config.json"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Single(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void ExportOnnx_FolderWithFiles_IsKept()
    {
        _folder.Write("mine.txt", "mine");
        string line = Edgert.Run("export-onnx", Edgert.Stories, _folder.Path).ExpectLastErrorLine(1);
        Assert.Contains("exists already", line, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void ExportOnnx_UnknownDevice_ListsTheKnownOnes()
    {
        string line = Edgert.Run("export-onnx", Edgert.Stories, _folder.File("model"), "--device", "gpu").ExpectErrorLine(2);
        Assert.Contains("onnx-cpu, webgpu, dml", line, StringComparison.Ordinal);
    }

    [Fact]
    public void ExportOnnx_BeyondTheSizeLimit_LeavesNothing()
    {
        const int Blocks = 64; // 32 KB
        EdgertResult result = SizeLimit.Run(Blocks, null, "export-onnx", Edgert.Stories, _folder.File("model"));
        Assert.Contains("model: ", result.ExpectLastErrorLine(1), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }
}
