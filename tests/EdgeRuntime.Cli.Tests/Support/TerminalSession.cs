using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Support;

/// <summary>
/// The command in a real terminal: a tmux server of its own, 120 x 24. Keys go in, the screen comes out. Skips where tmux is absent.
/// </summary>
internal sealed class TerminalSession : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly string _socket = $"edgert-test-{Guid.NewGuid():N}";

    public TerminalSession(params string[] arguments)
        : this(new Dictionary<string, string>(), arguments)
    {
    }

    /// <param name="environment">Variables of the command.</param>
    /// <param name="arguments">Its arguments.</param>
    public TerminalSession(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || !Exists("tmux"), "tmux is not installed: apt-get install tmux");
        string command = string.Join(' ', arguments.Prepend(Edgert.Path).Select(Quote));
        string variables = string.Concat(environment.Select(variable => $"export {variable.Key}={Quote(variable.Value)}\n"));
        string script = _folder.Write(
            "start.sh",
            $"#!/bin/sh\n{variables}trap : INT\n{command}\ncode=$?\nstty -a | grep -q -e -icanon && echo '[raw]'\n"
            + "echo; echo \"[left with $code]\"\nsleep 1000\n");

        // The raw output is recorded, too: what was on the screen for a moment only is found there. So the command waits for the recorder.
        string start = $"until [ -e {Quote(RecordPath)} ]; do sleep 0.05; done; exec sh {Quote(script)}";
        Tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "24", start);
        Tmux("pipe-pane", "-o", $"cat > {Quote(RecordPath)}");
    }

    /// <summary>Everything that was written to the terminal, escape sequences included.</summary>
    public string Record => File.Exists(RecordPath) ? File.ReadAllText(RecordPath) : "";

    public string Screen => Tmux("capture-pane", "-p");

    /// <summary>The screen with its colours, as escape sequences.</summary>
    public string ColouredScreen => Tmux("capture-pane", "-p", "-e");

    private string RecordPath => _folder.File("record");

    /// <summary>Sends keys by tmux's names: Enter, C-c, Left, Home ...</summary>
    public void Keys(params string[] keys) => Tmux(["send-keys", .. keys]);

    /// <summary>Types a text as it is.</summary>
    public void Type(string text) => Tmux("send-keys", "-l", text);

    /// <summary>Types a line and presses Enter.</summary>
    public void Enter(string text)
    {
        Type(text);
        Keys("Enter");
    }

    /// <summary>Changes the size of the terminal, as dragging its window does.</summary>
    public void Resize(int width, int height) => Tmux("resize-window", "-x", $"{width}", "-y", $"{height}");

    /// <summary>Sends the command a signal by name, as kill does from elsewhere.</summary>
    public void Signal(string name)
    {
        string shell = Tmux("display-message", "-p", "#{pane_pid}").Trim();
        string command = File.ReadAllText($"/proc/{shell}/task/{shell}/children").Trim();
        using Process kill = Process.Start("kill", ["-" + name, command]);
        kill.WaitForExit();
    }

    /// <summary>Waits until the screen holds a text.</summary>
    public string WaitFor(string text) => WaitFor(screen => screen.Contains(text, StringComparison.Ordinal), $"'{text}'");

    /// <summary>Waits until the screen is as told.</summary>
    public string WaitFor(Predicate<string> condition, string what) => WaitFor(() => Screen, condition, what);

    /// <summary>Waits until the record holds a text: the recorder may be behind the screen.</summary>
    public void WaitForRecord(string text) =>
        WaitFor(() => Record, record => record.Contains(text, StringComparison.Ordinal), $"'{text}' in the record");

    /// <summary>Waits for an empty prompt in the last line that is written.</summary>
    public string WaitForPrompt() => WaitFor(screen => LastLine(screen) == ">", "an empty prompt");

    public static string LastLine(string screen) => screen.TrimEnd().Split('\n')[^1].TrimEnd();

    public void Dispose()
    {
        Tmux("kill-server");
        _folder.Dispose();
    }

    private string WaitFor(Func<string> look, Predicate<string> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            string seen = look();
            if (condition(seen))
            {
                return seen;
            }

            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, $"waited in vain for {what}; the screen:\n{Screen}\n---\n{Record}");
            Thread.Sleep(50);
        }
    }

    private static bool Exists(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, command)));

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private string Tmux(params string[] arguments)
    {
        var start =
            new ProcessStartInfo("tmux", ["-L", _socket, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        Edgert.LeaveOutProfiles(start);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }
}
