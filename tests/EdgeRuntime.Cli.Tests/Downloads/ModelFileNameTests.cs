using System;
using EdgeRuntime.Cli.Downloads;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

public sealed class ModelFileNameTests
{
    [Theory]
    [InlineData("m.gguf", "m.gguf")]
    [InlineData("a%20model.GGUF", "a model.GGUF")]
    [InlineData("%C3%BC.gguf", "ü.gguf")]
    [InlineData("..%2F..%2Fm.gguf", "m.gguf")]
    [InlineData("..%5C..%5Cm.gguf", "m.gguf")]
    [InlineData("C:%5Cm.gguf", "m.gguf")]
    [InlineData("a%3Ab.gguf", "a_b.gguf")]
    [InlineData("...m.gguf", "m.gguf")]
    [InlineData("-rf.gguf", "_-rf.gguf")]
    [InlineData("a%00b%0Ac%1B%5Bd%7F.gguf", "a_b_c_[d_.gguf")]
    [InlineData("a%C2%9B%E2%80%AEb.gguf", "a__b.gguf")]
    [InlineData("con.gguf", "_con.gguf")]
    [InlineData("COM1.x.gguf", "_COM1.x.gguf")]
    [InlineData("contact.gguf", "contact.gguf")]
    [InlineData("a%FFb.gguf", "a%FFb.gguf")]
    public void Of_LastSegment_IsAPlainName(string segment, string expected) =>
        Assert.Equal(expected, ModelFileName.Of(new Uri("http://h.example/folder/" + segment)));

    [Theory]
    [InlineData("")]
    [InlineData("m.bin")]
    [InlineData(".gguf")]
    [InlineData("m.gguf%2F")]
    [InlineData("m.gguf%2F..")]
    [InlineData("m?x.gguf")]
    public void Of_NoModelFile_Throws(string segment) =>
        Assert.Throws<FormatException>(() => ModelFileName.Of(new Uri("http://h.example/folder/" + segment)));

    [Fact]
    public void Of_OverlongName_Throws()
    {
        string longest = new string('a', ModelFileName.MaxBytes - 5) + ".gguf";
        Assert.Equal(longest, ModelFileName.Of(new Uri("http://h.example/" + longest)));
        Assert.Throws<FormatException>(() => ModelFileName.Of(new Uri("http://h.example/a" + longest)));
    }
}
