using System;
using EdgeRuntime.Cli.Terminal;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Terminal;

public sealed class WebAddressTests
{
    [Theory]
    [InlineData("https://h.example/a/m.gguf", "https://h.example/a/m.gguf")]
    [InlineData("http://user:secret@h.example:81/m.gguf", "http://h.example:81/m.gguf")]
    [InlineData("http://secret@h.example/m.gguf", "http://h.example/m.gguf")]
    [InlineData("https://h.example/m.gguf?token=secret", "https://h.example/m.gguf?...")]
    [InlineData("https://h.example/m.gguf#secret", "https://h.example/m.gguf")]
    [InlineData("http://[::1]:8080/m.gguf?secret", "http://[::1]:8080/m.gguf?...")]
    [InlineData("ftp://user:secret@h.example/m.gguf", "ftp://...")]
    [InlineData("http://user:secret@h.example:99999/m.gguf", "http://...")]
    [InlineData("http://user:sec?ret@h.example/m.gguf", "http://...")]
    [InlineData("user:secret@h.example/m.gguf", "...")]
    [InlineData("http:user:secret@h.example", "...")]
    [InlineData("file:///etc/passwd", "file:///etc/passwd")]
    [InlineData("no-such-name", "no-such-name")]
    [InlineData("--what?", "--what?")]
    public void Show_AnyText_HasNoSecret(string text, string expected)
    {
        Assert.Equal(expected, WebAddress.Show(text));
        Assert.DoesNotContain("secret", WebAddress.Show(text), StringComparison.Ordinal);
    }

    [Fact]
    public void Show_ControlCharactersInAPath_AreEscaped() =>
        Assert.Equal("http://h.example/%1B[2Jm.gguf", WebAddress.Show(new Uri("http://h.example/\e[2Jm.gguf")));

    [Fact]
    public void Show_LongUrl_IsCut() => Assert.True(WebAddress.Show("http://h.example/" + new string('a', 10_000)).Length < 300);

    [Theory]
    [InlineData("https://h.example/m.gguf", true)]
    [InlineData("http://h.example/m.gguf", true)]
    [InlineData("http://h.example/\e[2Jm.gguf", false)]
    [InlineData("\nhttp://h.example/m.gguf", false)]
    [InlineData("file:///m.gguf", false)]
    [InlineData("/m.gguf", false)]
    [InlineData("//h.example/m.gguf", false)]
    [InlineData("http:///m.gguf", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("", false)]
    public void TryParse_OnlyPlainWebAddresses(string text, bool expected) => Assert.Equal(expected, WebAddress.TryParse(text, out _));
}
