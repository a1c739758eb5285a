using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

public sealed class QuantizeAutoTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _text;

    public QuantizeAutoTests() => _text = _folder.Write("text.txt", string.Concat(Enumerable.Repeat(
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her dog.\n", 8)));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Auto_Size_MakesAFileWithinItAndAPlanThatMakesItAgain()
    {
        string path = _folder.File("mix.gguf");
        string output = Run(path, "--size", "300K").Expect(0).Output;
        Assert.Contains("KL divergence predicted", output, StringComparison.Ordinal);
        Assert.Contains("blk.0.ffn_down.weight", output, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(path).Length, 250_000, 300_000);
        string plan = _folder.File("mix.plan.json");
        string again = _folder.File("again.gguf");
        Edgert.Run("quantize", Edgert.Stories, again, "--plan", plan).Expect(0);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(again));
        Assert.True(File.Exists(_folder.File("mix.measurements.json")));
    }

    [Fact]
    public void Auto_TokensPerSecond_WritesAProfileThatAnotherSearchReads()
    {
        string output = Run(_folder.File("first.gguf"), "--tokens-per-second", "1").Expect(0).Output;
        Assert.Contains("predicted speed: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", output, StringComparison.Ordinal); // the types stay, so that nothing is lost
        string device = _folder.File("first.device.json");
        JsonElement mix = Run(_folder.File("second.gguf"), "--tokens-per-second", "1", "--device", device, "--json").Expect(0).Json
            .GetProperty("mix");
        double speed = mix.GetProperty("predicted_tokens_per_second").GetDouble();
        Assert.Contains(FormattableString.Invariant($"predicted speed: {speed:F1} tokens"), output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("second.device.json")));
    }

    [Fact]
    public void Auto_Json_HasTheMix()
    {
        JsonElement result = Run(_folder.File("mix.gguf"), "--bpw", "8", "--dry-run", "--json").Expect(0).Json;
        Assert.InRange(result.GetProperty("new_bits_per_weight").GetDouble(), 7, 8);
        Assert.True(result.GetProperty("mix").GetProperty("measured_divergence").GetDouble() > 0);
        Assert.False(File.Exists(_folder.File("mix.gguf")));
    }

    [Fact]
    public void Auto_WrongArguments_AreOneLine()
    {
        string output = _folder.File("out.gguf");
        string broken = _folder.Write("broken.json", "{");
        string plan = _folder.Write("plan.json", """{ "tensors": { "nothing.weight": "Q8_0" } }""");
        (int Code, string Expected, string[] Arguments)[] cases =
        [
            (2, "expected one of --size, --bpw", ["--auto", "-f", _text]),
            (2, "expected one of --size, --bpw", ["--auto", "-f", _text, "--bpw", "4", "--size", "1M"]),
            (2, "expected a text", ["--auto", "--bpw", "4"]),
            (2, "--bpw x: expected a number above 0", ["--auto", "-f", _text, "--bpw", "x"]),
            (2, "--size 4X: expected a number of bytes", ["--auto", "-f", _text, "--size", "4X"]),
            (2, "--bpw has no meaning without --auto", ["--plan", plan, "--bpw", "4"]),
            (2, "--pure has no meaning with --auto", ["--auto", "-f", _text, "--bpw", "4", "--pure"]),
            (1, "expected a plan by 'quantize --auto'", ["--plan", broken]),
            (1, "which the model lacks", ["--plan", plan]),
            (1, "expected measurements by 'quantize --auto'",
                ["--auto", "-f", _text, "--bpw", "4", "--ctx", "32", "--measurements", broken]),
            (2, "--device has no meaning without --tokens-per-second", ["--auto", "-f", _text, "--bpw", "4", "--device", plan]),
            (1, "expected a profile by 'tune --type-speeds'", ["--auto", "-f", _text, "--tokens-per-second", "4", "--device", plan]),
            (1, "no mix is so small", ["--auto", "-f", _text, "--size", "1K", "--ctx", "32", "--chunks", "1", "-t", "1"]),
        ];
        foreach ((int code, string expected, string[] arguments) in cases)
        {
            string line = Edgert.Run(["quantize", Edgert.Stories, output, .. arguments]).ExpectErrorLine(code);
            Assert.Contains(expected, line, StringComparison.Ordinal);
            Assert.False(File.Exists(output));
        }
    }

    private EdgertResult Run(string path, params string[] arguments) => Edgert.Run(
        ["quantize", Edgert.Stories, path, "--auto", "-f", _text, "--ctx", "32", "--chunks", "2", "-t", "1", .. arguments]);
}
