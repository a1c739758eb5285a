using System.IO;
using EdgeRuntime.Cli.Chat;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Chat;

public sealed class TurnReaderTests
{
    [Theory]
    [InlineData("one\ntwo\n", "one", "two")]
    [InlineData("one\\\ntwo\nthree\n", "one\ntwo", "three")]
    [InlineData("\"\"\"one\ntwo\"\"\"\nthree\n", "one\ntwo", "three")]
    [InlineData("\"\"\"\none\n\ntwo\n\"\"\"\nthree", "one\n\ntwo", "three")]
    [InlineData("\"\"\"one line\"\"\"\nnext", "one line", "next")]
    public void Read_TwoTurns_PutsTheirLinesTogether(string input, string first, string second)
    {
        var turns = new TurnReader(new PipeLineSource(new StringReader(input)));
        Assert.Equal(new Line(first, LineEnd.Entered), turns.Read());
        Assert.Equal(new Line(second, LineEnd.Entered), turns.Read());
        Assert.Equal(LineEnd.EndOfInput, turns.Read().End);
    }

    [Fact]
    public void Read_InputEndsInsideABlock_GivesWhatCame()
    {
        var turns = new TurnReader(new PipeLineSource(new StringReader("\"\"\"one\ntwo")));
        Assert.Equal(new Line("one\ntwo", LineEnd.Entered), turns.Read());
        Assert.Equal(LineEnd.EndOfInput, turns.Read().End);
    }
}
