using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>A model whose numbers overflow ends every command with one line that names the layer.</summary>
public sealed class NonFiniteTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("logits", "MODEL", "--ids", "1,2,3", "--out", "OUT")]
    [InlineData("logits", "MODEL", "--ids", "1,2,3", "--out", "OUT", "--exact")]
    [InlineData("run", "MODEL", "-p", "hello")]
    [InlineData("run", "MODEL", "-p", "hello", "--json")]
    [InlineData("run", "MODEL", "-p", "hello", "--speculate", "ngram")]
    [InlineData("eval", "perplexity", "MODEL", "-f", "TEXT", "--ctx", "16")]
    [InlineData("eval", "perplexity", "MODEL", "-f", "TEXT", "--ctx", "16", "--json")]
    [InlineData("bench", "MODEL", "-p", "8", "-n", "4", "-r", "1")]
    public void EveryCommand_OfAModelThatOverflows_NamesTheLayer(params string[] arguments)
    {
        string model = DamagedModel.Write(_folder.File("model.gguf"), "blk.3.ffn_down.weight", 3e38f, count: null);
        string text = _folder.Write("text.txt", string.Concat(Enumerable.Repeat("One day, a little girl named Lily found a needle. ", 20)));
        string output = _folder.File("logits.bin");
        string[] filled =
            [.. arguments.Select(argument => argument switch { "MODEL" => model, "TEXT" => text, "OUT" => output, _ => argument })];
        EdgertResult result = Edgert.Run(filled).Expect(1);
        string line = result.Error.Split('\n').First(line => line.StartsWith("edgert: error: ", StringComparison.Ordinal));
        Assert.Contains("layer 3", line, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", result.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    [Fact]
    public void Chat_OfAModelThatOverflows_NamesTheLayerAtEveryTurn()
    {
        string model = DamagedModel.Write(_folder.File("model.gguf"), "blk.3.ffn_down.weight", 3e38f, count: null);
        EdgertResult result = Edgert.RunWith("hello\nhello again\n", "chat", model);
        Assert.Equal(2, result.Error.Split('\n').Count(line => line.Contains("layer 3", StringComparison.Ordinal)));
    }

    [Fact]
    public void Perplexity_OfNoChunks_IsAUsageError()
    {
        string text = _folder.Write("text.txt", string.Concat(Enumerable.Repeat("One day. ", 50)));
        string line = Edgert.Run("eval", "perplexity", Edgert.Stories, "-f", text, "--ctx", "16", "--chunks", "0").ExpectErrorLine(2);
        Assert.Contains("--chunks", line, StringComparison.Ordinal);
    }

    /// <summary>Finite logits, but so far apart that no exponential holds the quotient.</summary>
    [Fact]
    public void Perplexity_BeyondAllNumbers_IsAnError()
    {
        string model = DamagedModel.Write(_folder.File("model.gguf"), "output_norm.weight", 1e6f, count: null);
        string text = _folder.Write("text.txt", string.Concat(Enumerable.Repeat("One day, a little girl named Lily found a needle. ", 20)));
        EdgertResult result = Edgert.Run("eval", "perplexity", model, "-f", text, "--ctx", "16").Expect(1);
        Assert.Contains("no number", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("PPL", result.Output, StringComparison.Ordinal);
    }
}
