using System;
using EdgeRuntime.Cli.Terminal;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Terminal;

public sealed class OneLineTests
{
    [Fact]
    public void DescribeInOneLine_OfAMessageOfManyLines_JoinsThem() =>
        Assert.Equal("a b c", ErrorReport.DescribeInOneLine(new CommandException("a\nb\r\nc")));

    [Fact]
    public void DescribeInOneLine_OfALongMessage_CutsItAndTellsItsLength()
    {
        string line = ErrorReport.DescribeInOneLine(new CommandException(new string('x', 16_000_000)));
        Assert.Equal(new string('x', OneLine.MaxCharacters) + "... (16,000,000 characters)", line);
    }

    [Fact]
    public void Cut_InsideASurrogatePair_LeavesOutThePair()
    {
        string text = new string('x', OneLine.MaxCharacters - 1) + "\U0001F600 and more";
        Assert.StartsWith(new string('x', OneLine.MaxCharacters - 1) + "... (", OneLine.Cut(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain\ttext \U0001F600", "plain\ttext \U0001F600")]
    [InlineData("a\nb", "a^Jb")]
    [InlineData("a\r\nb", "a^M^Jb")]
    [InlineData("a\u0085b\u2028c\u2029", "a<U+0085>b<U+2028>c<U+2029>")]
    public void Value_LineBreaks_AreShown(string text, string expected) => Assert.Equal(expected, OneLine.Value(text));
}
