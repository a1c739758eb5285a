using System;
using System.Net;
using System.Net.Http;
using EdgeRuntime.Cli.Downloads;
using EdgeRuntime.Cli.Terminal;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

public sealed class RedirectTests
{
    [Theory]
    [InlineData("https://h.example/a/m.gguf", "b?c", "https://h.example/a/b?c")]
    [InlineData("https://h.example/a/m.gguf", "/b", "https://h.example/b")]
    [InlineData("https://h.example/a/m.gguf", "//i.example/b", "https://i.example/b")]
    [InlineData("http://h.example/a/m.gguf", "https://i.example/b", "https://i.example/b")]
    [InlineData("https://h.example/a/m.gguf", "HTTPS://i.example/b", "https://i.example/b")]
    public void FindTarget_WebAddress_IsFollowed(string from, string location, string expected) =>
        Assert.Equal(expected, FindTarget(from, location).AbsoluteUri);

    [Theory]
    [InlineData("https://h.example/m.gguf", "http://h.example/m.gguf")]
    [InlineData("https://h.example/m.gguf", "file:///etc/passwd")]
    [InlineData("https://h.example/m.gguf", "data:text/plain,x")]
    [InlineData("https://h.example/m.gguf", "//user@i.example/m.gguf")]
    [InlineData("https://h.example/m.gguf", "https://user:secret@i.example/m.gguf")]
    [InlineData("https://h.example/m.gguf", "")]
    public void FindTarget_AnythingElse_IsRefused(string from, string location)
    {
        var exception = Assert.Throws<CommandException>(() => FindTarget(from, location));
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://h.example/b", true)]
    [InlineData("https://H.example:443/b", true)]
    [InlineData("https://h.example:444/b", false)]
    [InlineData("https://x.h.example/b", false)]
    public void StaysOnServer_ComparesSchemeHostAndPort(string target, bool expected) =>
        Assert.Equal(expected, Redirect.StaysOnServer(new Uri("https://h.example/a"), new Uri(target)));

    private static Uri FindTarget(string from, string location)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.Found);
        response.Headers.TryAddWithoutValidation("Location", location);
        return Redirect.FindTarget(new Uri(from), response);
    }
}
