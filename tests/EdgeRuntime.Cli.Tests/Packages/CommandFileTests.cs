using System.IO;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Packages;

/// <summary>The file of the command that a build leaves.</summary>
public sealed class CommandFileTests
{
    private const long MostBytes = 20 << 20;

    [Fact]
    public void Command_CompiledAheadOfTime_IsSmall()
    {
        Assert.SkipWhen(
            File.Exists(Path.ChangeExtension(Edgert.Path, ".dll")),
            $"{Edgert.Path} is not compiled ahead of time; './build.sh test' builds and tests a command that is");
        Assert.InRange(new FileInfo(Edgert.Path).Length, 1, MostBytes);
    }
}
