using System;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary>
/// The command on an engine that is not the built-in one: <c>edgert-fake</c> is the same command with one more backend, which loads files
/// that end in ".fake".
/// </summary>
public sealed class OtherEngineTests : IDisposable
{
    private static readonly string[] s_run = ["run", "-p", "Once upon a time, once upon a time, once upon", "--temp", "0", "-n", "40"];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Abilities => ["None", "Snapshots", "Truncate", "Truncate, Shift"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Abilities))]
    public void Run_WithAndWithoutDrafts_GivesTheSameAnswer(string abilities)
    {
        string model = Model("model.fake", abilities);
        string expected = Edgert.RunFake(null, [.. s_run, "-m", model]).Expect(0).Output;
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Edgert.RunFake(null, [.. s_run, "-m", model, "--speculate", "ngram"]).Expect(0).Output);
        JsonElement drafted =
            Edgert.RunFake(null, [.. s_run, "-m", model, "--draft", Model("draft.fake", abilities), "--json"]).Expect(0).Json;
        Assert.Equal(expected, drafted.GetProperty("text").GetString());
        Assert.InRange(drafted.GetProperty("accepted_tokens").GetInt32(), 1, 40);
        Assert.Equal("fake", drafted.GetProperty("isa").GetString());
        Assert.Equal(model, drafted.GetProperty("model").GetString());
    }

    [Theory]
    [MemberData(nameof(Abilities))]
    public void Chat_OfSeveralTurns_AnswersAlikeWhateverTheStateCanDo(string abilities)
    {
        string[] chat = ["chat", "--temp", "0", "-n", "8"];
        const string Turns = "one\ntwo\nthree\n";
        string expected = Edgert.RunFake(Turns, [.. chat, "-m", Model("reference.fake", "Truncate")]).Expect(0).Output;
        Assert.Equal(expected, Edgert.RunFake(Turns, [.. chat, "-m", Model("model.fake", abilities)]).Expect(0).Output);
    }

    [Fact]
    public void Run_FileThatTheBackendRefuses_IsOneLine() => Assert.Contains(
        "no abilities", Edgert.RunFake(null, [.. s_run, "-m", Model("damaged.fake", "?")]).ExpectErrorLine(1), StringComparison.Ordinal);

    [Fact]
    public void Run_GgufFile_StillRunsOnTheBuiltInEngine() => Assert.Equal(
        Edgert.Run([.. s_run, "-m", Edgert.Stories]).Expect(0).Output,
        Edgert.RunFake(null, [.. s_run, "-m", Edgert.Stories]).Expect(0).Output);

    private string Model(string name, string abilities)
    {
        string path = _folder.File(name);
        File.WriteAllText(path, abilities);
        return path;
    }
}
