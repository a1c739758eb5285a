using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Support;

/// <summary>What a run of the command gave.</summary>
internal sealed record EdgertResult(int ExitCode, string Output, string Error)
{
    public string[] ErrorLines => Error.TrimEnd('\n', '\r').Split('\n');

    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>Fails with the whole output where the exit code is another one.</summary>
    public EdgertResult Expect(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, expected {exitCode}\n--- output\n{Output}\n--- error\n{Error}");
        return this;
    }

    /// <summary>Expects failure with one line on standard error and nothing on standard output.</summary>
    public string ExpectErrorLine(int exitCode)
    {
        string line = ExpectLastErrorLine(exitCode);
        Assert.Single(ErrorLines);
        return line;
    }

    /// <summary>Expects failure with one line on standard error after others, and nothing on standard output.</summary>
    public string ExpectLastErrorLine(int exitCode)
    {
        Expect(exitCode);
        Assert.Empty(Output);
        string line = Assert.Single(ErrorLines, static line => line.StartsWith("edgert: error: ", StringComparison.Ordinal));
        Assert.Equal(ErrorLines[^1], line);
        return line;
    }
}

/// <summary>Starts the built command as a process, as a person's shell would.</summary>
internal static class Edgert
{
    /// <summary>A hang guard, nothing more.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>What <c>EDGERT</c> names, as the build's test verb does: the command that people get. Else the one that lies beside the
    /// tests.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("EDGERT") is { Length: > 0 } path
        ? path
        : System.IO.Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "edgert.exe" : "edgert");

    public static string Stories => TestModels.Stories;

    public static string SmolLm => TestModels.SmolLm;

    public static EdgertResult Run(params string[] arguments) => RunWith(null, arguments);

    /// <summary>Runs the command with a standard input that is a pipe.</summary>
    /// <param name="input">What the pipe holds; null: nothing.</param>
    /// <param name="arguments">Its arguments.</param>
    public static EdgertResult RunWith(string? input, params string[] arguments) =>
        RunIn(new Dictionary<string, string?>(), input, arguments);

    /// <summary>Runs <c>edgert-fake</c>, the command with one more backend, which lies beside the tests.</summary>
    /// <param name="input">What standard input holds; null: nothing.</param>
    /// <param name="arguments">Its arguments.</param>
    public static EdgertResult RunFake(string? input, params string[] arguments) =>
        RunFakeIn(new Dictionary<string, string?>(), input, arguments);

    /// <summary>As <see cref="RunFake"/>, with environment variables set (or, for null, removed).</summary>
    public static EdgertResult RunFakeIn(IReadOnlyDictionary<string, string?> environment, string? input, params string[] arguments)
    {
        string path = System.IO.Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "edgert-fake.exe" : "edgert-fake");
        using Process process = Start(path, environment, arguments);
        return Finish(process, input, $"edgert-fake {string.Join(' ', arguments)}");
    }

    /// <summary>As <see cref="RunWith"/>, with environment variables set (or, for null, removed).</summary>
    public static EdgertResult RunIn(IReadOnlyDictionary<string, string?> environment, string? input, params string[] arguments)
    {
        using Process process = Start(environment, arguments);
        return Finish(process, input, $"edgert {string.Join(' ', arguments)}");
    }

    /// <summary>
    /// Runs a line of a Unix shell, in which <c>$EDGERT</c> is the command and <c>$MODEL</c> a small model. Skips where there is none.
    /// </summary>
    public static EdgertResult Shell(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell");
        using Process process = Start("/bin/sh", new Dictionary<string, string?> { ["EDGERT"] = Path, ["MODEL"] = Stories }, "-c", script);
        return Finish(process, null, script);
    }

    private static EdgertResult Finish(Process process, string? input, string what)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It may end without reading.
        }

        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{what} still runs after {Patience}\n--- error\n{error.Result}");
        }

        return new EdgertResult(process.ExitCode, output.Result, error.Result);
    }

    public static Process Start(IReadOnlyDictionary<string, string?> environment, params string[] arguments) =>
        Start(Path, environment, arguments);

    private static Process Start(string program, IReadOnlyDictionary<string, string?> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
            StandardInputEncoding = new UTF8Encoding(false),
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        LeaveOutProfiles(start);
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>What this machine's user has tuned is no part of a test.</summary>
    public static void LeaveOutProfiles(ProcessStartInfo start) =>
        start.Environment["EDGERUNTIME_PROFILES"] = System.IO.Path.Combine(AppContext.BaseDirectory, "no-profiles");
}
