using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Examples.Tests;

/// <summary>Every C# program in the guide, in the README and in the documentation of the libraries compiles and runs.</summary>
public sealed class GuideTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private static readonly Dictionary<string, Example> _examples = Directory
        .EnumerateFiles(Path.Combine(SharedData.Repository, "docs", "guide"), "*.md")
        .Append(Path.Combine(SharedData.Repository, "README.md"))
        .SelectMany(Example.Read)
        .Concat(Directory.EnumerateFiles(Path.Combine(SharedData.Repository, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(Example.ReadComments))
        .ToDictionary(example => example.Name);

    public static TheoryData<string> Programs => [.. _examples.Values.Where(example => !example.IsServer).Select(example => example.Name)];

    public static TheoryData<string> Servers => [.. _examples.Values.Where(example => example.IsServer).Select(example => example.Name)];

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Program_OfTheGuide_CompilesAndRuns(string name)
    {
        using var folder = new ExampleFolder();
        using Process process = Start(Compile(name, folder), folder);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteLineAsync("Hello!");
        process.StandardInput.Close();
        await WaitForExit(process);
        Assert.True(process.ExitCode == 0, $"{Place(name)}: exit code {process.ExitCode}\n{await output}\n{await errors}");
        Assert.Equal("", await errors);
        Assert.NotEqual("", (await output).Trim());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Server_OfTheGuide_CompilesAndStreams(string name)
    {
        using var folder = new ExampleFolder();
        using Process process = Start(Compile(name, folder), folder);
        try
        {
            string? line = await process.StandardOutput.ReadLineAsync();
            while (line is not null && !line.Contains("Now listening on:", StringComparison.Ordinal))
            {
                line = await process.StandardOutput.ReadLineAsync();
            }

            Assert.NotNull(line);
            using var client = new HttpClient { BaseAddress = new Uri(line.Split("on: ")[1].Trim()), Timeout = _patience };
            Assert.NotEqual("", (await client.GetStringAsync("ask?question=Why%20is%20the%20sky%20blue%3F")).Trim());
            Assert.Equal("Healthy", await client.GetStringAsync("health"));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void Adapter_OfTheGuide_IsTheTestedOne()
    {
        string page = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "guide", "extensions-ai.md"));
        string source = File.ReadAllText(
            Path.Combine(SharedData.Repository, "tests", "EdgeRuntime.Examples.Tests", "EdgeChatClient.cs"));
        Assert.Contains(source.TrimStart('\uFEFF').ReplaceLineEndings(), page.ReplaceLineEndings(), StringComparison.Ordinal);
    }

    private static string Place(string name) => $"{name} (line {_examples[name].Line} of the document)";

    private static string Compile(string name, ExampleFolder folder)
    {
        // Beside the assemblies that it uses, so that the host finds them.
        string path = Path.Combine(AppContext.BaseDirectory, $"{name}.{Path.GetFileName(folder.Path)}.dll");
        folder.Delete(path);
        IReadOnlyList<string> messages = ExampleCompiler.Compile(_examples[name], path);
        Assert.True(messages.Count == 0, $"{Place(name)}:\n{string.Join('\n', messages)}");
        return path;
    }

    private static Process Start(string program, ExampleFolder folder)
    {
        string settings = Path.Combine(AppContext.BaseDirectory, typeof(GuideTests).Assembly.GetName().Name!);
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder.Path,
            RedirectStandardInput = true,
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
        return Process.Start(start)!;
    }

    private static async Task WaitForExit(Process process)
    {
        using var patience = new CancellationTokenSource(_patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
