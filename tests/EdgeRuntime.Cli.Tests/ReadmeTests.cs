using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests;

/// <summary>What the README promises, done.</summary>
public sealed partial class ReadmeTests
{
    private static string Readme => File.ReadAllText(Path.Combine(SharedData.Repository, "README.md"));

    public static TheoryData<string> Commands =>
    [
        .. TestedBlock().Matches(Readme)
            .SelectMany(block => block.Groups["lines"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
    ];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_OfATestedBlock_Works(string line)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the README's commands are for a POSIX shell");
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("sh", ["-c", line])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["PATH"] = Path.GetDirectoryName(Edgert.Path) + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        Edgert.LeaveOutProfiles(start);
        using Process shell = Process.Start(start)!;
        shell.StandardInput.Close();
        Task<string> error = shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (shell.ExitCode, await error));
        Assert.True(output.Length > 0 || Directory.EnumerateFiles(folder.Path).Any(), "neither output nor a file");
    }

    [Fact]
    public void Commands_OfTestedBlocks_AreFound() => Assert.True(Commands.Count >= 8);

    [Fact]
    public void Example_IsTheOneThatIsCompiledHere()
    {
        string source = File.ReadAllText(Path.Combine(SharedData.Repository, "tests", "EdgeRuntime.Cli.Tests", "ReadmeTests.cs"));
        Match code = CompiledExample().Match(source);
        Assert.Contains(Compact(code.Groups["code"].Value), Compact(Readme), StringComparison.Ordinal);
    }

    [Fact]
    public void Example_Runs()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Edgert.Stories, folder.File("model.gguf"));
        Assert.NotEmpty(string.Concat(Example(folder.File("model.gguf"))));
    }

    [Fact]
    public void Architectures_AreThoseOfTheCommand()
    {
        string[] names = Edgert.Run("info", "--architectures").Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string expected = string.Join(", ", names.Select(name => $"`{name}`"));
        string found = Blanks().Replace(ArchitectureList().Match(Readme).Groups["list"].Value, " ");
        Assert.True(
            found == expected,
            $"README.md lists other architectures than 'edgert info --architectures'. Write this between its marks:\n{expected}");
    }

    private static List<string> Example(string path)
    {
        var pieces = new List<string>();
        var Console = new Recorder(pieces);

        // Example
        using var model = LanguageModel.Load(path);
        using var session = model.CreateSession();
        foreach (GeneratedToken token in session.Generate("Why is the sky blue?", new() { MaxTokens = 128 }))
        {
            Console.Write(token);
        }

        // End
        return pieces;
    }

    private static string Compact(string code) =>
        string.Concat(code.Replace("\"model.gguf\"", "path", StringComparison.Ordinal).Where(c => !char.IsWhiteSpace(c)));

    [GeneratedRegex(@"<!-- tested -->\s*```sh\n(?<lines>.*?)```", RegexOptions.Singleline)]
    private static partial Regex TestedBlock();

    [GeneratedRegex(@"// Example\n(?<code>.*?)// End", RegexOptions.Singleline)]
    private static partial Regex CompiledExample();

    [GeneratedRegex(@"<!-- architectures -->(?<list>.*?)<!-- end -->", RegexOptions.Singleline)]
    private static partial Regex ArchitectureList();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    private sealed class Recorder(List<string> pieces)
    {
        public void Write(object value) => pieces.Add($"{value}");
    }
}
