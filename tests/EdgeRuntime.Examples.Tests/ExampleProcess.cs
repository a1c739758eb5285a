using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Examples.Tests;

/// <summary>A program that runs in an <see cref="ExampleFolder"/>, with the assemblies of the tests. Ends it when disposed.</summary>
internal sealed class ExampleProcess : IDisposable
{
    private readonly Process _process;

    /// <param name="program">The path of an assembly beside those of the tests.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">The arguments of the program.</param>
    public ExampleProcess(string program, ExampleFolder folder, params string[] arguments)
    {
        string settings = Path.Combine(AppContext.BaseDirectory, typeof(ExampleProcess).Assembly.GetName().Name!);
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            ArgumentList =
            {
                "exec", "--runtimeconfig", settings + ".runtimeconfig.json", "--depsfile", settings + ".deps.json", program,
            },
            // Tuning profiles stay in the folder, too.
            Environment = { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["XDG_DATA_HOME"] = folder.Path },
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        Errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Gets the time after which a program hangs. A busy machine slows threads that wait for each other by a hundred.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets what the program writes to standard error until it ends.</summary>
    public Task<string> Errors { get; }

    /// <summary>Reads the output up to the first line with a text.</summary>
    public async Task<string> ReadToAsync(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        string? line = await _process.StandardOutput.ReadLineAsync(patience.Token);
        while (line?.Contains(text, StringComparison.Ordinal) == false)
        {
            line = await _process.StandardOutput.ReadLineAsync(patience.Token);
        }

        Assert.True(line is not null, $"the program ended without '{text}'");
        return line;
    }

    /// <summary>Asks the program to end, as a service manager does.</summary>
    public void Terminate() => Assert.Equal(0, Unix.Run("kill", "-TERM", FormattableString.Invariant($"{_process.Id}")));

    /// <summary>Waits until the program has ended.</summary>
    /// <returns>The exit code, and the output that was not read yet.</returns>
    public async Task<(int ExitCode, string Output)> CompleteAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        string output = await _process.StandardOutput.ReadToEndAsync(patience.Token);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, output);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
