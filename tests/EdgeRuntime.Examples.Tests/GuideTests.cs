using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Examples.Tests;

/// <summary>Every C# program in the guide, in the README and in the documentation of the libraries compiles and runs.</summary>
public sealed class GuideTests
{
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
    public void Program_OfTheGuide_CompilesAndRuns(string name)
    {
        using var folder = new ExampleFolder();
        using MemoryStream program = Compile(name);
        (int exitCode, string output, string errors) = ExampleProgram.Run(program, folder, "Hello!");
        Assert.True(exitCode == 0, $"{Place(name)}: exit code {exitCode}\n{output}\n{errors}");
        Assert.Equal("", errors);
        Assert.NotEqual("", output.Trim());
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Server_OfTheGuide_CompilesAndStreams(string name)
    {
        using var folder = new ExampleFolder();

        // Beside the assemblies that it uses, so that the host finds them.
        string path = Path.Combine(AppContext.BaseDirectory, $"{name}.{Path.GetFileName(folder.Path)}.dll");
        folder.Delete(path);
        await File.WriteAllBytesAsync(path, Compile(name).ToArray());
        using var server = new ExampleProcess(path, folder);
        string line = await server.ReadToAsync("Now listening on:");
        using var client = new HttpClient { BaseAddress = new Uri(line.Split("on: ")[1].Trim()), Timeout = ExampleProcess.Patience };
        Assert.StartsWith("data: ", await ReadFirstLineAsync(client, "ask?question=Why%20is%20the%20sky%20blue%3F"));
        Assert.Equal("Healthy", await client.GetStringAsync("health"));
    }

    // Closing the response cancels the rest of the answer, whose length nobody bounds.
    private static async Task<string?> ReadFirstLineAsync(HttpClient client, string address)
    {
        using HttpResponseMessage response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        using var patience = new CancellationTokenSource(ExampleProcess.Patience);
        return await reader.ReadLineAsync(patience.Token);
    }

    private static string Place(string name) => $"{name} (line {_examples[name].Line} of the document)";

    private static MemoryStream Compile(string name)
    {
        var assembly = new MemoryStream();
        IReadOnlyList<string> messages = ExampleCompiler.Compile(_examples[name], assembly);
        Assert.True(messages.Count == 0, $"{Place(name)}:\n{string.Join('\n', messages)}");
        return assembly;
    }
}
