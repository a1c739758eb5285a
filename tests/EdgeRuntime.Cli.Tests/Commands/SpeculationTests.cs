using System;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>--speculate</c> and <c>--draft</c> change the speed and never the answer.</summary>
public sealed class SpeculationTests
{
    private static readonly string[] Copying =
        ["run", "-p", "Repeat this sentence three times: The quick brown fox jumps over the lazy dog.", "--temp", "0", "-n", "48"];

    [Fact]
    public void Run_SpeculateNgram_GivesTheSameGreedyAnswer() =>
        Assert.Equal(Edgert.Run(Copying).Expect(0).Output, Edgert.Run([.. Copying, "--speculate", "ngram"]).Expect(0).Output);

    [Fact]
    public void Run_DraftModel_GivesTheSameGreedyAnswer()
    {
        string[] story = ["run", "-m", Edgert.Stories, "-p", "Once upon a time", "--temp", "0", "-n", "40", "--json"];
        JsonElement plain = Edgert.Run(story).Expect(0).Json;
        JsonElement drafted = Edgert.Run([.. story, "--draft", Edgert.Stories]).Expect(0).Json;
        Assert.Equal(plain.GetProperty("text").GetString(), drafted.GetProperty("text").GetString());
        Assert.Equal(0, plain.GetProperty("drafted_tokens").GetInt32());

        // The same model proposes what it then chooses.
        Assert.InRange(drafted.GetProperty("drafted_tokens").GetInt32(), 1, int.MaxValue);
        Assert.Equal(drafted.GetProperty("drafted_tokens").GetInt32(), drafted.GetProperty("accepted_tokens").GetInt32());
    }

    [Fact]
    public void Run_DraftModelWithAnotherVocabulary_IsRefusedInOneLine()
    {
        EdgertResult result = Edgert.Run([.. Copying, "--draft", Edgert.Stories]).Expect(1);
        Assert.Contains("the draft model has 512 tokens", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Trim().Split('\n'));
    }

    [Fact]
    public void Run_BothKindsOfSpeculation_IsAUsageError() =>
        Edgert.Run([.. Copying, "--speculate", "ngram", "--draft", Edgert.Stories]).Expect(2);

    [Fact]
    public void Run_UnknownSpeculation_NamesTheKinds() =>
        Assert.Contains("ngram", Edgert.Run([.. Copying, "--speculate", "magic"]).Expect(2).Error, StringComparison.Ordinal);
}
