using System;
using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>Help, wrong command lines, and what is said of files that are no models.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("chat")]
    [InlineData("run")]
    [InlineData("info")]
    [InlineData("tokenize")]
    [InlineData("render")]
    [InlineData("logits")]
    [InlineData("eval", "perplexity")]
    [InlineData("eval", "kld")]
    [InlineData("eval", "choice")]
    [InlineData("eval", "text")]
    [InlineData("eval", "ab")]
    [InlineData("imatrix")]
    [InlineData("pull")]
    public void Help_OfEveryCommand_ExplainsEveryOption(params string[] command)
    {
        EdgertResult result = Edgert.Run([.. command, "--help"]).Expect(0);
        Assert.Empty(result.Error);
        foreach (string line in result.Output.Split('\n'))
        {
            // An option's line: its names, two or more spaces, and what it does.
            if (line.StartsWith("  -", StringComparison.Ordinal))
            {
                Assert.Matches("^  -.*\\S  +\\S", line);
                Assert.DoesNotMatch(@"\[default:.*\[default:", line);
            }
        }
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("run")]
    public void Help_CommonOptions_AreAllThere(string command)
    {
        string help = Edgert.Run(command, "--help").Expect(0).Output;
        foreach (string option in (string[])["--model", "--ctx", "--threads", "--temp", "--top-k", "--top-p", "--min-p", "--repeat-penalty",
            "--presence-penalty", "--frequency-penalty", "--seed", "--max-tokens", "--stop", "--system", "--no-template",
            "--no-parse-special", "--kv-type", "--isa", "--packed-cache", "--verbose", "--log-file"])
        {
            Assert.Contains(option, help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void NoArguments_ShowHelp() => Assert.Contains("chat", Edgert.Run().Expect(0).Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("nonsense: no such command or option", "nonsense")]
    [InlineData("--nonsense: no such command or option", "run", "x.gguf", "--nonsense")]
    [InlineData("--nonsense: no such command or option", "run", "--nonsense", "0")]
    [InlineData("--nonsense: no such command or option", "bench", "--nonsense", "x.gguf")]
    [InlineData("--nonsense: no such command or option", "render", "--nonsense")]
    [InlineData("--temp hot: expected 0 or more", "run", "--temp", "hot")]
    [InlineData("--temp NaN: expected 0 or more", "run", "--temp", "NaN")]
    [InlineData("--top-p 1.5: expected 0 to 1", "run", "--top-p", "1.5")]
    [InlineData("--ctx -1: expected 0 or more", "chat", "--ctx", "-1")]
    [InlineData("--seed -2: expected -1 or more", "run", "--seed", "-2")]
    [InlineData("--kv-type q2: expected f32, f16, bf16, q8_0, q4_0", "run", "--kv-type", "q2")]
    [InlineData("--cache-type-v q2: expected f32, f16, bf16, q8_0, q4_0", "run", "-ctv", "q2")]
    [InlineData("--logit-bias x: expected", "run", "-p", "a", "--logit-bias", "x")]
    [InlineData("--ids or --ids-file", "logits", "x.gguf", "--out", "y")]
    [InlineData("--out", "logits", "x.gguf", "--ids", "1")]
    [InlineData("the prompt is empty", "run", "-p", "")]
    [InlineData("either a text or --batch", "tokenize", "x.gguf", "text", "--batch", "y.json")]
    [InlineData("either a text or --batch", "tokenize", "-m", "x.gguf", "text", "--batch", "y.json")]
    public void WrongCommandLine_IsOneLineAndExitCode2(string expected, params string[] arguments) =>
        Assert.Contains(expected, Edgert.Run(arguments).ExpectErrorLine(2), StringComparison.Ordinal);

    [Theory]
    [InlineData("run", "-p", "x", "-m")]
    [InlineData("info")]
    [InlineData("tokenize", "-m")]
    [InlineData("logits", "--ids", "1", "--out", "x", "-m")]
    [InlineData("chat")]
    public void ModelThatIsNone_IsOneLineAndExitCode1(params string[] command)
    {
        using var folder = new TemporaryFolder();
        string text = folder.Write("text.gguf", "This is no model at all, only a text.");
        Assert.Contains("text.gguf", Edgert.Run([.. command, text]).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Contains("no such file", Edgert.Run([.. command, folder.File("absent.gguf")]).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Contains("folder", Edgert.Run([.. command, folder.Path]).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "-f")]
    [InlineData("run", "-p", "x", "-n", "1", "--log-file")]
    [InlineData("tokenize", "-m", "STORIES", "--batch")]
    [InlineData("logits", "STORIES", "--ids", "1", "--out")]
    [InlineData("logits", "STORIES", "--out", "x", "--ids-file")]
    [InlineData("eval", "perplexity", "STORIES", "-f")]
    [InlineData("render", "--cases", "x.json")]
    [InlineData("pull", "x", "--catalog")]
    public void FileThatCannotBeUsed_IsNamedInOneLine(params string[] command)
    {
        using var folder = new TemporaryFolder();
        string[] arguments = Array.ConvertAll(command, word => word == "STORIES" ? Edgert.Stories : word);
        string line = Edgert.Run([.. arguments, folder.Path]).ExpectErrorLine(1);
        Assert.Contains($"{folder.Path}: is a folder, expected a file", line, StringComparison.Ordinal);
        string absent = folder.File("absent/file");
        Assert.Contains($"{absent}: no such folder", Edgert.Run([.. arguments, absent]).ExpectErrorLine(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Help_Isa_ListsAllInstructionSets()
    {
        string help = Edgert.Run("run", "--help").Expect(0).Output;
        Assert.Contains("avx512-vnni, avx512, avx-vnni, avx2, neon-dot, neon, scalar", help, StringComparison.Ordinal);
    }

    [Fact]
    public void UnknownIsa_ListsThoseOfThisMachine()
    {
        string error = Edgert.Run("run", "-m", Edgert.Stories, "-p", "x", "--isa", "z80").ExpectErrorLine(1);
        Assert.Contains("'z80'", error, StringComparison.Ordinal);
        Assert.Contains("scalar", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Isa_OptionAndVariable_ChooseTheKernels()
    {
        string[] options = ["run", "-m", Edgert.Stories, "-p", "x", "-n", "1", "--json"];
        Assert.Equal("scalar", Edgert.Run([.. options, "--isa", "scalar"]).Expect(0).Json.GetProperty("isa").GetString());
        var environment = new Dictionary<string, string?> { ["EDGERUNTIME_ISA"] = "scalar" };
        Assert.Equal("scalar", Edgert.RunIn(environment, null, options).Expect(0).Json.GetProperty("isa").GetString());
    }

    [Fact]
    public void Verbose_WithAnError_ShowsTheStackTrace()
    {
        EdgertResult result = Edgert.Run("run", "-p", "x", "-m", "/absent.gguf", "--verbose").Expect(1);
        Assert.Contains("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryDamagedFile_IsOneLineOrAnAnswer()
    {
        string folder = SharedData.Require("conformance/malformed-gguf");
        foreach (string file in Directory.GetFiles(folder, "*.gguf"))
        {
            EdgertResult info = Edgert.Run("info", file);
            Assert.True(info.ExitCode is 0 or 1, $"{file}: exit code {info.ExitCode}: {info.Error}");
            Assert.DoesNotContain("internal error", info.Error, StringComparison.Ordinal);
            if (info.ExitCode == 1)
            {
                info.ExpectErrorLine(1);
            }
        }
    }
}
