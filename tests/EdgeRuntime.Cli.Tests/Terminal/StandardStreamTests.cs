using System;
using System.IO;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Terminal;

/// <summary>Standard streams that are closed, full, broken or something else than a stream.</summary>
public sealed class StandardStreamTests
{
    private const string Answer = "-m \"$MODEL\" --temp 0 -n 4";

    [Theory]
    [InlineData(0, "", "chat -m \"$MODEL\" <&-")]
    [InlineData(2, "the prompt is empty", "run -m \"$MODEL\" <&-")]
    [InlineData(0, "", "info \"$MODEL\" <&- >/dev/null")]
    [InlineData(1, "standard input: ", "chat -m \"$MODEL\" </")]
    [InlineData(1, "standard input: ", "run -m \"$MODEL\" </")]
    [InlineData(1, "standard output: ", "info \"$MODEL\" >&-")]
    [InlineData(1, "standard output: ", "chat -m \"$MODEL\" -n 4 >&- <<X\nOnce\nX")]
    [InlineData(1, "standard output: ", "run -p Once -m \"$MODEL\" -n 4 <&- >&-")]
    [InlineData(1, "standard output: ", "--help >&-")]
    public void ClosedStream_IsNeverAFileOfTheProcess(int code, string problem, string command)
    {
        EdgertResult result = Edgert.Shell("\"$EDGERT\" " + command).Expect(code);
        Assert.Empty(result.Output);
        if (code == 0)
        {
            Assert.Empty(result.Error);
        }
        else
        {
            Assert.Contains(problem, result.ExpectErrorLine(code), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run --help")]
    [InlineData("info \"$MODEL\"")]
    [InlineData("info --json \"$MODEL\"")]
    [InlineData("tokenize -m \"$MODEL\" text")]
    [InlineData("pull")]
    [InlineData("run -p Once " + Answer)]
    [InlineData("run -p Once --json " + Answer)]
    [InlineData("chat " + Answer + " <<X\nOnce\nX")]
    [InlineData("bench \"$MODEL\" -p 1 -n 1 -r 1 -o jsonl")]
    public void FullOutput_IsOneLineAndExitCode1(string command)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        EdgertResult result = Edgert.Shell($"exec >/dev/full; \"$EDGERT\" {command}").Expect(1);
        Assert.EndsWith("edgert: error: standard output: No space left on device", result.Error.TrimEnd(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2>&-")]
    [InlineData("2>/dev/full")]
    public void FailingStandardError_CostsNoAnswer(string redirection)
    {
        Assert.SkipWhen(redirection.EndsWith("full", StringComparison.Ordinal) && !File.Exists("/dev/full"), "there is no /dev/full");
        EdgertResult whole = Edgert.Shell($"\"$EDGERT\" run -p Once --verbose {Answer}").Expect(0);
        Assert.NotEmpty(whole.Error);
        Assert.Equal(whole.Output, Edgert.Shell($"\"$EDGERT\" run -p Once --verbose {Answer} {redirection}").Expect(0).Output);

        EdgertResult chat = Edgert.Shell($"printf '/stats\\n/nonsense\\nOnce\\n' | \"$EDGERT\" chat {Answer} {redirection}").Expect(0);
        Assert.NotEmpty(chat.Output);
        Edgert.Shell($"\"$EDGERT\" info absent.gguf {redirection}").Expect(1);
        Edgert.Shell($"\"$EDGERT\" nonsense {redirection}").Expect(2);
    }

    [Fact]
    public void StandardErrorWhoseReaderHasGone_CostsNoAnswer()
    {
        string run = $"\"$EDGERT\" run -p Once --verbose {Answer}";
        EdgertResult result = Edgert.Shell($"{{ {{ sleep 1; {run} >&3; echo \"[$?]\" >&3; }} 2>&1 | true; }} 3>&1");
        Assert.EndsWith("[0]\n", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"$EDGERT\" run -p Once -m \"$MODEL\" -n 100000 -c 64 --context-shift --logit-bias 2-1000")]
    [InlineData("yes Once 2>/dev/null | \"$EDGERT\" chat -m \"$MODEL\" -n 64 --temp 0")]
    [InlineData("sleep 1; \"$EDGERT\" info \"$MODEL\"")]
    [InlineData("sleep 1; \"$EDGERT\" --help")]
    public void OutputWhoseReaderHasGone_EndsQuietlyAsSigpipeWould(string script)
    {
        EdgertResult result = Edgert.Shell($"{{ {script}; echo \"[$?]\" >&2; }} | true");
        Assert.Equal("[141]", result.Error.Trim());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(16)]
    public void FewDescriptors_AreOneLineOrAnAnswer(int limit)
    {
        string[] commands = ["info \"$MODEL\"", $"run -p Once {Answer}", "chat -m \"$MODEL\"", "tokenize -m \"$MODEL\" text", "pull"];
        foreach (string command in commands)
        {
            EdgertResult result = Edgert.Shell($"ulimit -n {limit}; exec \"$EDGERT\" {command}");
            Assert.SkipWhen(
                result.Error.Contains("CoreCLR", StringComparison.Ordinal),
                "the host of .NET fails before the command begins; a command that is compiled ahead of time has none");
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
            int lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
            Assert.True(lines == (result.ExitCode == 0 ? 0 : 1), $"{command}: exit code {result.ExitCode}: {result.Error}");
        }
    }

    [Fact]
    public void Pipe_GetsTheBytesUnchanged()
    {
        Assert.Equal("\e\e\e", Edgert.Shell("\"$EDGERT\" run -p Once -m \"$MODEL\" -n 3 --logit-bias 30+1000").Expect(0).Output);
        Assert.Contains("\e]0;\u202e", Edgert.Run("info", "\e]0;\u202e.gguf").Expect(1).Error, StringComparison.Ordinal);
    }
}
