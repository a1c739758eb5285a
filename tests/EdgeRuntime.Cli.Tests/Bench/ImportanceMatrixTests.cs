using System;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class ImportanceMatrixTests
{
    [Fact]
    public void Requantize_FileThatHoldsNoImportanceMatrix_IsRefusedInOneLine()
    {
        using var folder = new TemporaryFolder();
        string[] command = ["bench", "--requantize", "libllama=/nowhere", Edgert.Stories, "IQ2_S", folder.File("out.gguf"), "--imatrix"];
        Assert.Contains(
            "name an importance matrix, not a model",
            Edgert.Run([.. command, Edgert.Stories]).ExpectErrorLine(1),
            StringComparison.Ordinal);
        Assert.Contains("no such file", Edgert.Run([.. command, folder.File("none.gguf")]).ExpectErrorLine(1), StringComparison.Ordinal);
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
}
