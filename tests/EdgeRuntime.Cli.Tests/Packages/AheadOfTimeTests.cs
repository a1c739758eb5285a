using System;
using System.Diagnostics;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Packages;

/// <summary>
/// The packages as a user gets them: the program of <c>docs/guide/ahead-of-time.md</c> is published ahead of time from a local feed. Takes
/// minutes; <c>--filter-not-trait Speed=Slow</c> leaves it out.
/// </summary>
[Trait("Speed", "Slow")]
public sealed partial class AheadOfTimeTests : IDisposable
{
    private const string Version = "0.0.0-test";

    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgert-packages-");

    [Fact]
    public void Publish_ProgramOfTheGuide_UsesTheProcessorAndWarnsWithoutIt()
    {
        string linker = RequireLinker();
        Pack("EdgeRuntime.Core", "EdgeRuntime.Tokenizers", "EdgeRuntime");
        WriteProgram();
        string output = PublishAndRun($"-p:CppCompilerAndLinker={linker}");
        Assert.DoesNotContain("kernels: scalar", output, StringComparison.Ordinal);
        Assert.DoesNotContain("scalar code", output, StringComparison.Ordinal);

        // Vectors are part of every Arm64 processor: there is nothing to choose.
        if (Avx2.IsSupported)
        {
            Assert.Contains("IlcInstructionSet=x86-64-v3", output, StringComparison.Ordinal);
            Assert.Matches(@"kernels: (avx2|avx-vnni)\b", output);
            string slow = PublishAndRun($"-p:CppCompilerAndLinker={linker}", "-p:IlcInstructionSet=x86-64-v2");
            Assert.Contains("kernels: scalar", slow, StringComparison.Ordinal);
            Assert.Single(Warning().Matches(slow));
        }
    }

    [Fact]
    public void Pack_Libraries_HaveWhatUsersSee()
    {
        string[] libraries = [.. Directory.EnumerateDirectories(Path.Combine(SharedData.Repository, "src"))
            .Select(folder => Path.GetFileName(folder))
            .Where(name => name != "EdgeRuntime.Cli")];
        foreach (string library in libraries)
        {
            string assembly = Path.Combine(SharedData.Repository, "src", library, "bin", Configuration, "net10.0", library + ".dll");
            Assert.SkipUnless(File.Exists(assembly), $"{library} is not built: build the solution first");
        }

        Pack(libraries);
        Assert.All(libraries, id =>
        {
            string package = $"{id}.{Version}.nupkg";
            Assert.True(File.Exists(Path.Combine(_folder.FullName, Path.ChangeExtension(package, ".snupkg"))));
            using ZipArchive archive = ZipFile.OpenRead(Path.Combine(_folder.FullName, package));
            using var manifest = new StreamReader(archive.GetEntry(id + ".nuspec")!.Open());
            string text = manifest.ReadToEnd();
            Assert.All(
                (string[])["<description>", "<tags>", "<readme>package.md</readme>", "<license type=\"expression\">MIT</license>"],
                element => Assert.Contains(element, text, StringComparison.Ordinal));
            Assert.NotNull(archive.GetEntry("package.md"));
            Assert.NotNull(archive.GetEntry($"lib/net10.0/{id}.xml"));
        });
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [GeneratedRegex("Computing with scalar code.*IlcInstructionSet=x86-64-v3")]
    private static partial Regex Warning();

    [GeneratedRegex("<!-- published: (?<name>.*) -->\r?\n```.*\r?\n(?<text>(?:.*\n)*?)```")]
    private static partial Regex PublishedFile();

    private static string RequireLinker()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the test looks for the linker of Unix systems only");
        string? linker = ((string[])["clang", "gcc"]).FirstOrDefault(name => Unix.Run("sh", "-c", $"command -v {name}") == 0);
        Assert.SkipWhen(linker is null, "there is no linker: neither clang nor gcc is installed");
        return linker!;
    }

    private void Pack(params string[] projects)
    {
        foreach (string project in projects)
        {
            Dotnet(
                "pack", Path.Combine(SharedData.Repository, "src", project), "--no-build", "-c", Configuration, "-o", _folder.FullName,
                $"-p:PackageVersion={Version}");
        }
    }

    /// <summary>Writes the files of the guide, with a folder of packages beside those of the user, which stay clean.</summary>
    private void WriteProgram()
    {
        string guide = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "guide", "ahead-of-time.md"));
        foreach (Match file in PublishedFile().Matches(guide))
        {
            string text = file.Groups["text"].Value.Replace(
                "\"EdgeRuntime\" Version=\"0.1.0\"", $"\"EdgeRuntime\" Version=\"{Version}\"", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(_folder.FullName, file.Groups["name"].Value), text);
        }

        string shared = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(_folder.FullName, "Directory.Build.props"), $"""
            <Project>
              <PropertyGroup>
                <RestoreAdditionalProjectSources>{_folder.FullName}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{_folder.FullName}/packages</RestorePackagesPath>
                <RestoreFallbackFolders Condition="Exists('{shared}')">{shared}</RestoreFallbackFolders>
              </PropertyGroup>
            </Project>
            """);
    }

    private string PublishAndRun(params string[] properties)
    {
        string published = Path.Combine(_folder.FullName, "published");
        string built = Dotnet(["publish", _folder.FullName, "-c", "Release", "--use-current-runtime", "-o", published, .. properties]);
        return built + Run(Path.Combine(published, "Program"), TestModels.Stories);
    }

    private static string Dotnet(params string[] arguments) => Run("dotnet", [.. arguments, "--disable-build-servers"]);

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("EDGERUNTIME_ISA");
        using Process process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        output += errors.Result;
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{output}");
        return output;
    }
}
