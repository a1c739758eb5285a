using System.Linq;
using System.Text;
using EdgeRuntime.Cli.Terminal;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Terminal;

public sealed class TerminalFilterTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain text", "plain text")]
    [InlineData("two\nlines\tand a tab", "two\nlines\tand a tab")]
    [InlineData("\e]0;title\a\e[31mred\e[0m", "^[]0;title^G^[[31mred^[[0m")]
    [InlineData("back\b\b over\r\0\u007f", "back^H^H over^M^@^?")]
    [InlineData("\u009b31m\u0085\u009d0;title\u009c", "<U+009B>31m<U+0085><U+009D>0;title<U+009C>")]
    [InlineData("\u202eexe.txt\u202c \u2066a\u2069 \u200f\u061c", "<U+202E>exe.txt<U+202C> <U+2066>a<U+2069> <U+200F><U+061C>")]
    [InlineData("a\u200bb\u00adc\ufeffd\u2060e\u2028f\u2029g", "a<U+200B>b<U+00AD>c<U+FEFF>d<U+2060>e<U+2028>f<U+2029>g")]
    [InlineData("\U000E0041\U0001D173", "<U+E0041><U+1D173>")]
    [InlineData("世界 e\u0301 \U0001F642", "世界 e\u0301 \U0001F642")]
    [InlineData("\U0001F468\u200D\U0001F469", "\U0001F468\u200D\U0001F469")]
    [InlineData("\u0645\u06cc\u200c\u062e \u0600\u0661", "\u0645\u06cc\u200c\u062e \u0600\u0661")]
    public void Show_Text_LeavesNothingThatDrivesATerminal(string text, string expected) =>
        Assert.Equal(expected, TerminalFilter.Show(text));

    [Fact]
    public void Show_HalfOfASurrogatePair_IsReplaced() =>
        Assert.Equal("a\ufffdb\ufffd.", TerminalFilter.Show("a" + (char)0xD83D + "b" + (char)0xDE42 + "."));

    [Theory]
    [InlineData("\e[31mred \U000E0041 \U0001F642 世界 \u202e\u009b1m \U0001F642.")]
    [InlineData("plain")]
    public void Apply_PiecesOfAnyLength_GiveWhatTheWholeGives(string text)
    {
        for (int length = 1; length <= text.Length; length++)
        {
            var filter = new TerminalFilter();
            var shown = new StringBuilder();
            foreach (char[] piece in text.Chunk(length))
            {
                shown.Append(filter.Apply(piece));
            }

            Assert.Equal(TerminalFilter.Show(text), shown.ToString());
        }
    }

    [Fact]
    public void Show_EveryCharacter_LeavesNoControlCharacterButLineFeedAndTab()
    {
        var every = new StringBuilder();
        for (int codePoint = 0; codePoint <= 0x10FFFF; codePoint++)
        {
            if (Rune.IsValid(codePoint))
            {
                every.Append(new Rune(codePoint).ToString());
            }
        }

        string controls = string.Concat(TerminalFilter.Show(every.ToString()).Where(char.IsControl));
        Assert.Equal("\t\n", controls);
    }
}
