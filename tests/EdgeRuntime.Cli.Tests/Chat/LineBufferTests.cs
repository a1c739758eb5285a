using EdgeRuntime.Cli.Chat;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Chat;

public sealed class LineBufferTests
{
    [Fact]
    public void Insert_InTheMiddle_MovesTheCursorBehindIt()
    {
        LineBuffer line = Typed("helo");
        line.MoveLeft();
        line.Insert("l");
        Assert.Equal(("hello", 4), (line.Text, line.Cursor));
    }

    [Theory]
    [InlineData("a\U0001F642", "a")]
    [InlineData("ae\u0301", "a")]
    [InlineData("\U0001F468\u200D\U0001F469\u200D\U0001F467", "")]
    [InlineData("", "")]
    public void Backspace_AtTheEnd_TakesWhatAReaderSeesAsOneCharacter(string before, string after)
    {
        LineBuffer line = Typed(before);
        line.Backspace();
        Assert.Equal(after, line.Text);
    }

    [Fact]
    public void Delete_AtTheStart_TakesTheWholeCharacter()
    {
        LineBuffer line = Typed("\U0001F642b");
        line.MoveHome();
        line.Delete();
        Assert.Equal(("b", 0), (line.Text, line.Cursor));
    }

    [Theory]
    [InlineData("one two", "one ")]
    [InlineData("one two  ", "one ")]
    [InlineData("one", "")]
    [InlineData("", "")]
    public void DeleteWord_AtTheEnd_TakesTheWordAndTheSpacesBehindIt(string before, string after)
    {
        LineBuffer line = Typed(before);
        line.DeleteWord();
        Assert.Equal(after, line.Text);
    }

    [Fact]
    public void DeleteToStartAndEnd_InTheMiddle_KeepTheOtherSide()
    {
        LineBuffer line = Typed("abcd");
        line.MoveLeft();
        line.DeleteToEnd();
        Assert.Equal("abc", line.Text);
        line.MoveLeft();
        line.DeleteToStart();
        Assert.Equal(("c", 0), (line.Text, line.Cursor));
    }

    [Fact]
    public void Moves_AtTheEnds_StayInside()
    {
        LineBuffer line = Typed("a");
        line.MoveRight();
        Assert.Equal(1, line.Cursor);
        line.MoveLeft();
        line.MoveLeft();
        Assert.Equal(0, line.Cursor);
        line.Backspace();
        Assert.Equal("a", line.Text);
    }

    private static LineBuffer Typed(string text)
    {
        var line = new LineBuffer();
        line.Insert(text);
        return line;
    }
}
