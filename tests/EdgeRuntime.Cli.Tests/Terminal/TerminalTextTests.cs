using EdgeRuntime.Cli.Terminal;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Terminal;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("two\nlines\tand a tab", "two\nlines\tand a tab")]
    [InlineData("\e]0;title\a\e[31mred\e[0m", "]0;title[31mred[0m")]
    [InlineData("back\b\b over\r", "back over")]
    [InlineData("\u009b31m\u007f", "31m")]
    [InlineData("世界 \U0001F642", "世界 \U0001F642")]
    [InlineData("", "")]
    public void Clean_Text_LeavesNothingThatDrivesATerminal(string text, string expected) => Assert.Equal(expected, TerminalText.Clean(text));
}
