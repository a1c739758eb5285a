using System;
using System.Linq;
using System.Text;
using EdgeRuntime.Cli.Chat;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Chat;

public sealed class WordWrapperTests
{
    [Theory]
    [InlineData(10, "the quick brown fox", "the quick \nbrown fox")]
    [InlineData(9, "the quick brown fox", "the quick\nbrown fox")] // the blank has no room
    [InlineData(10, "the quick   brown", "the quick \nbrown")]
    [InlineData(10, "one\ntwo three four", "one\ntwo three \nfour")]
    [InlineData(10, "a\n\n\nb", "a\n\n\nb")]
    [InlineData(10, "to be, or not to be?", "to be, or \nnot to be?")]
    [InlineData(80, "fits in one row", "fits in one row")]
    public void Apply_Words_BreaksBetweenThem(int width, string text, string expected) => AssertWrapped(width, text, expected);

    [Theory]
    [InlineData(5, "abcdefghijkl", "abcdefghijkl")]
    [InlineData(5, "a abcdefghijkl b", "a \nabcdefghijkl b")] // ends in the third row, beside which b has room
    [InlineData(5, "  abcdefgh", "  abcdefgh")] // there is nothing to break behind
    [InlineData(10, "see state-of-the-art", "see \nstate-of-the-art")]
    [InlineData(10, "1 234\u00A0567\u00A0km", "1 \n234\u00A0567\u00A0km")]
    public void Apply_WordWiderThanARow_IsLeftToTheTerminal(int width, string text, string expected) =>
        AssertWrapped(width, text, expected);

    [Theory]
    [InlineData("```\nx = 1 + 2 + 3 + 4\n```\nthe quick brown", "```\nx = 1 + 2 + 3 + 4\n```\nthe quick \nbrown")]
    [InlineData("~~~ text\na b c d e f g h\n```\n~~~\nthe quick brown", "~~~ text\na b c d e f g h\n```\n~~~\nthe quick \nbrown")]
    [InlineData("````\n```\na b c d e f g h\n````\nthe quick brown", "````\n```\na b c d e f g h\n````\nthe quick \nbrown")]
    [InlineData("    if x: return y\nthe quick brown", "    if x: return y\nthe quick \nbrown")]
    [InlineData("\tif x: return y\nthe quick brown", "\tif x: return y\nthe quick \nbrown")]
    [InlineData("  - the quick fox", "  - the \nquick fox")]
    [InlineData("`a b` the quick fox", "`a b` the \nquick fox")]
    public void Apply_Code_KeepsItsLines(string text, string expected) => AssertWrapped(10, text, expected);

    [Theory]
    [InlineData(8, "世界世界世界", "世界世界\n世界")]
    [InlineData(7, "世界世界世界", "世界世\n界世界")]
    [InlineData(8, "世界世界。世", "世界世\n界。世")] // a full stop does not begin a row
    [InlineData(8, "世界世「界世", "世界世\n「界世")] // an opening bracket does not end one
    [InlineData(8, "ab 世界 cde", "ab 世界 \ncde")]
    [InlineData(8, "é́é é́é ééé", "é́é é́é \nééé")] // combining marks take no room
    [InlineData(8, "한국어 한국어", "한국어 \n한국어")]
    [InlineData(8, "🙂 🙂🙂 🙂", "🙂 🙂🙂 \n🙂")]
    public void Apply_WideCharacters_CountTwice(int width, string text, string expected) => AssertWrapped(width, text, expected);

    [Fact]
    public void Apply_ControlCharacters_AreShown() => AssertWrapped(10, "see \e[31mred", "see \n^[[31mred");

    [Fact]
    public void Apply_HeldBackWord_ComesWhenItEndsOrMustMove()
    {
        var wrapper = new WordWrapper();
        Assert.Equal("wo", wrapper.Apply("wo", 12)); // the first word of a row waits for nothing
        Assert.Equal("rd ", wrapper.Apply("rd ne", 12));
        Assert.Equal("next ", wrapper.Apply("xt ", 12));
        Assert.Equal("", wrapper.Apply("la", 12));
        Assert.Equal("\nlast", wrapper.Apply("st", 12));
        Assert.Equal("er", wrapper.Apply("er", 12));
        Assert.Equal(" ", wrapper.Apply(" o", 12));
        Assert.Equal("o", wrapper.End());
        Assert.Equal("new", wrapper.Apply("new", 12));
    }

    [Fact]
    public void Apply_AnotherWidth_CountsFromThenOn()
    {
        var wrapper = new WordWrapper();
        string text = wrapper.Apply("aaaa bbbb cccc ", 40) + wrapper.Apply("dddd eeee ", 20) + wrapper.Apply("ffff gggg", 30)
            + wrapper.End();
        Assert.Equal("aaaa bbbb cccc dddd \neeee ffff gggg", text);

        // A terminal of 10 columns breaks the 15 that stand in the row.
        text = wrapper.Apply("aaaa bbbb cccc ", 40) + wrapper.Apply("dd eeee ffff", 10) + wrapper.End();
        Assert.Equal("aaaa bbbb cccc dd \neeee ffff", text);
    }

    [Fact]
    public void Apply_AnyWidth_KeepsWordsAndRowsThatFit()
    {
        string[] words = [.. Enumerable.Range(0, 300).Select(i => new string((char)('a' + (i % 26)), 1 + (i * 7 % 11)))];
        string text = string.Join(' ', words);
        for (int width = 11; width < 60; width++)
        {
            string wrapped = Wrap(width, text, pieceLength: 3);
            string[] rows = wrapped.Split('\n');
            Assert.All(rows, row => Assert.True(row.Length <= width, row));
            Assert.Equal(words, wrapped.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
            Assert.All(
                rows.Zip(rows.Skip(1)), pair => Assert.True(pair.First.TrimEnd().Length + 1 + pair.Second.Split(' ')[0].Length > width));
        }
    }

    private static void AssertWrapped(int width, string text, string expected)
    {
        for (int pieceLength = 1; pieceLength <= text.Length; pieceLength++)
        {
            Assert.Equal(expected, Wrap(width, text, pieceLength));
        }
    }

    private static string Wrap(int width, string text, int pieceLength)
    {
        var wrapper = new WordWrapper();
        var wrapped = new StringBuilder();
        foreach (char[] piece in text.Chunk(pieceLength))
        {
            wrapped.Append(wrapper.Apply(new string(piece), width));
        }

        return wrapped.Append(wrapper.End()).ToString();
    }
}
