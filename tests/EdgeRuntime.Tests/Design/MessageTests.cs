using System;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace EdgeRuntime.Tests.Design;

/// <summary>Messages of the libraries speak of the API. The command translates the names (its <c>OptionNames</c>).</summary>
public sealed partial class MessageTests
{
    private const string Command = "EdgeRuntime.Cli";

    [Fact]
    public void Texts_OfTheLibraries_NameNoOptionOfTheCommand() => Assert.Empty(
        from file in FolderGraph.Instance.Files
        where file.Folder != Command && !file.Folder.StartsWith(Command + "/", StringComparison.Ordinal)
        from text in file.Texts
        where CommandOption().IsMatch(text)
        select $"{file.Name}: {text}");

    [Theory]
    [InlineData("choose another one (--pre-tokenizer)", true)]
    [InlineData("'edgert tune' adds them", true)]
    [InlineData("a plan by 'quantize --auto'", true)]
    [InlineData("{%- if tools -%}", false)]
    [InlineData("see ModelOptions.Threads -- the default is the number of cores", false)]
    public void CommandOption_InAText_IsFound(string text, bool isFound) => Assert.Equal(isFound, CommandOption().IsMatch(text));

    [GeneratedRegex(@"(^|[^\w-])--[a-z]|\bedgert ")]
    private static partial Regex CommandOption();
}
