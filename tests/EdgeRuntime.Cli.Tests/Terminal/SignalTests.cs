using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Terminal;

/// <summary>Signals end every command in order, and the terminal is as it was.</summary>
public sealed class SignalTests
{
    private static readonly string[] Endless = ["-n", "1000000", "-c", "64", "--context-shift", "--logit-bias", "2-1000"];

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public void EveryCommand_Signal_EndsWithItsCodeAndNoWord(string signal, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals");
        string[][] commands =
        [
            ["run", "-m", Edgert.Stories, "-p", "Once", .. Endless],
            ["chat", "-m", Edgert.Stories],
            ["bench", Edgert.Stories, "-p", "512", "-n", "0", "-r", "1000000"],
            ["tokenize", "-m", Edgert.Stories],
        ];
        foreach (string[] command in commands)
        {
            using Process process = Edgert.Start(new Dictionary<string, string?>(), command);
            if (command[0] == "run")
            {
                Assert.NotEqual(-1, process.StandardOutput.Read());
            }
            else
            {
                Thread.Sleep(1000); // Whether it is at work by then or still starts: the exit code is the same.
            }

            using Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
            kill.WaitForExit();
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)), $"{command[0]} still runs");
            string error = process.StandardError.ReadToEnd();
            Assert.True(process.ExitCode == code, $"{command[0]}: exit code {process.ExitCode}: {error}");
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public void Chat_SignalAtThePrompt_RestoresTheTerminal(string signal, int code)
    {
        using var terminal = new TerminalSession("chat", "-m", Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Type("half a thou");
        terminal.WaitFor("> half a thou");
        terminal.Signal(signal);
        string screen = terminal.WaitFor($"[left with {code}]");
        Assert.DoesNotContain("[raw]", screen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public void Chat_SignalAmidAnAnswer_RestoresTheTerminal(string signal, int code)
    {
        using var terminal = new TerminalSession(["chat", "-m", Edgert.Stories, .. Endless]);
        terminal.WaitForPrompt();
        terminal.Enter("Once");
        terminal.WaitFor(screen => screen.Split('\n').Count(line => line.Length > 40) >= 3, "some of the answer");
        terminal.Signal(signal);
        string screen = terminal.WaitFor($"[left with {code}]");
        Assert.DoesNotContain("[raw]", screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Nohup_Hangup_DoesNotEndTheCommand()
    {
        EdgertResult result = Edgert.Shell(
            "trap '' HUP; sleep 5 | \"$EDGERT\" chat -m \"$MODEL\" & sleep 2; kill -HUP $!; wait $!; echo \"[$?]\"");
        Assert.Equal("[0]\n", result.Output);
    }
}
