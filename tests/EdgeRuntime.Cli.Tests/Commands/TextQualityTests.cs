using System;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert eval text</c>: BLEU and ROUGE against published values, and the command.</summary>
public sealed class TextQualityTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The sentences are those of Papineni et al.; NLTK's documentation of <c>corpus_bleu</c> has the values.</summary>
    [Fact]
    public void Bleu_OfPublishedSentences_IsThePublishedValue()
    {
        const string Guide = "It is a guide to action which ensures that the military always obeys the commands of the party";
        string[] guides =
        [
            "It is a guide to action that ensures that the military will forever heed Party commands",
            "It is the guiding principle which guarantees the military forces always being under the command of the Party",
            "It is the practical guide for the army always to heed the directions of the party",
        ];
        var bleu = new Bleu();
        bleu.Add(Guide, guides);
        Assert.Equal(50.45666840058485, bleu.Value, 9);
        bleu.Add(
            "he read the book because he was interested in world history",
            ["he was interested in world history because he read the book"]);
        Assert.Equal(59.20778868801042, bleu.Value, 9);
    }

    /// <summary>An order without a match counts as half a match, the next one as a quarter.</summary>
    [Fact]
    public void Bleu_OfShortSentences_IsSmoothed()
    {
        var bleu = new Bleu();
        bleu.Add("This is cat.", ["This is a cat."]);
        Assert.Equal(100 * Math.Exp(1 - (5.0 / 4)) * Math.Pow(2.0 / 3 * 0.25 * 0.25, 0.25), bleu.Value, 9);
    }

    [Fact]
    public void Bleu_WithoutACommonWord_IsZero()
    {
        var bleu = new Bleu();
        bleu.Add("one two three four", ["five six seven eight"]);
        Assert.Equal(0, bleu.Value);
    }

    [Theory]
    [InlineData("a, b.", "a , b .")]
    [InlineData("1,000.5 is 3-4", "1,000.5 is 3 - 4")]
    [InlineData("(x) &amp; \"y\"", "( x ) & \" y \"")]
    public void Bleu_SplitsPunctuation_AsMteval13a(string text, string tokens)
    {
        var bleu = new Bleu();
        string words = string.Concat(Enumerable.Repeat(" w w w w", 4)); // so that all orders match
        bleu.Add(text + words, [tokens + words]);
        Assert.Equal(100, bleu.Value, 9);
    }

    /// <summary>The example of the documentation of Google's rouge_score.</summary>
    [Fact]
    public void Rouge_OfThePublishedExample_IsThePublishedValue()
    {
        const string Reference = "The quick brown fox jumps over the lazy dog";
        const string Text = "The quick brown dog jumps on the log.";
        RougeScore words = Rouge.OfWords(Text, Reference, 1);
        Assert.Equal((0.75, 0.6666666666666666), (words.Precision, words.Recall));
        Assert.Equal(0.7058823529411765, words.F1, 12);
        RougeScore subsequence = Rouge.OfSubsequence(Text, Reference);
        Assert.Equal((0.625, 0.5555555555555556), (subsequence.Precision, subsequence.Recall));
        Assert.Equal(0.5882352941176471, subsequence.F1, 12);
        Assert.Equal(2.0 / 7, Rouge.OfWords(Text, Reference, 2).Precision, 12);
    }

    [Fact]
    public void Text_OfPrompts_ScoresTheAnswers()
    {
        string run = Edgert.Run("run", Edgert.Stories, "Once upon a time", "--temp", "0", "-n", "16", "--json").Expect(0)
            .Json.GetProperty("text").GetString()!;
        string file = _folder.Write(
            "prompts.jsonl",
            JsonSerializer.Serialize(new { prompt = "Once upon a time", reference = run }) + "\n"
            + JsonSerializer.Serialize(new { prompt = "Once upon a time", references = new[] { "zebra", run } }));
        JsonElement json = Edgert.Run("eval", "text", Edgert.Stories, "-f", file, "-n", "16", "--json").Expect(0).Json;
        Assert.Equal(run, json.GetProperty("answers")[0].GetProperty("answer").GetString());
        Assert.Equal(100, json.GetProperty("bleu").GetDouble(), 6);
        Assert.Equal(1, json.GetProperty("rougeL").GetDouble(), 6);
        string line = Edgert.Run(
            "eval", "text", Edgert.Stories, "-f", _folder.Write("bad.jsonl", """{"prompt": "a"}""")).ExpectErrorLine(1);
        Assert.Contains("has no field 'reference', expected a list of texts", line, StringComparison.Ordinal);
    }
}
