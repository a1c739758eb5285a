using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Chat;

/// <summary>The chat with standard input and output in pipes: one turn a line, answers alone on standard output.</summary>
public sealed class ChatPipeTests
{
    private static readonly string[] Greedy = ["--temp", "0", "-n", "24"];

    [Fact]
    public void Chat_ThreeTurnsInAPipe_AnswersEachAndEndsWell()
    {
        EdgertResult result = Edgert.RunWith(
            "Name the three primary colours.\n\nThank you.\n/stats\nAnd name a fruit.\n",
            ["chat", "-m", Edgert.SmolLm, "--system", "You are a terse assistant. Answer in one short sentence.", .. Greedy]).Expect(0);
        string[] lines = result.Output.TrimEnd('\n').Split('\n');
        Assert.Contains("colours", lines[0], StringComparison.Ordinal);
        Assert.True(lines.Length >= 3, result.Output);
        Assert.Contains("messages  4", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', result.Output);
    }

    [Fact]
    public void Chat_EmptyInput_EndsWellWithoutAWord()
    {
        EdgertResult result = Edgert.RunWith("", "chat", "-m", Edgert.Stories).Expect(0);
        Assert.Empty(result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void Chat_ExitCommand_LeavesBeforeTheRest()
    {
        EdgertResult result = Edgert.RunWith("/bye\nOnce upon a time\n", "chat", "-m", Edgert.Stories).Expect(0);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Chat_UnknownCommand_SaysSoAndGoesOn()
    {
        EdgertResult result = Edgert.RunWith("/nonsense\nOnce upon\n", ["chat", "-m", Edgert.Stories, .. Greedy]).Expect(0);
        Assert.Contains("/nonsense", result.Error, StringComparison.Ordinal);
        Assert.NotEmpty(result.Output.Trim());
    }

    [Fact]
    public void Chat_SaveAndLoad_KeepsTheConversation()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("talk.json");
        Edgert.RunWith($"/system Be brief.\nOnce upon\n/save {file}\n", ["chat", "-m", Edgert.Stories, .. Greedy]).Expect(0);
        JsonElement root = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
        Assert.Contains("Be brief.", root.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            ["user", "assistant"],
            root.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("role").GetString()).Where(r => r != "system"));

        EdgertResult loaded =
            Edgert.RunWith($"/load {file}\n/system\n/stats\n/regen\n", ["chat", "-m", Edgert.Stories, .. Greedy]).Expect(0);
        Assert.Contains("Be brief.", loaded.Error, StringComparison.Ordinal);
        Assert.Contains("2 messages", loaded.Error, StringComparison.Ordinal);
        Assert.NotEmpty(loaded.Output.Trim());
    }

    [Fact]
    public void Chat_LoadOfSomethingElse_IsAnErrorAndTheChatGoesOn()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("talk.json", "[1, 2");
        EdgertResult result =
            Edgert.RunWith($"/load {file}\n/load {folder.File("absent")}\n/regen\n/save\n", "chat", "-m", Edgert.Stories).Expect(0);
        Assert.Equal(4, result.Error.TrimEnd().Split('\n').Count(line => line.StartsWith("edgert: error: ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Chat_SaveAndLoadWherePathsAreWrong_SayWhatIsThere()
    {
        using var folder = new TemporaryFolder();
        string root = folder.File("");
        string absent = folder.File("absent.json");
        string nowhere = folder.File(Path.Combine("nowhere", "talk.json"));
        EdgertResult result = Edgert.RunWith(
            $"/save {root}\n/load {root}\n/load {absent}\n/save {nowhere}\n/load {nowhere}\n", "chat", "-m", Edgert.Stories).Expect(0);
        Assert.Equal(
            [
                $"edgert: error: {root}: is a folder, expected a file",
                $"edgert: error: {root}: is a folder, expected a file",
                $"edgert: error: {absent}: no such file",
                $"edgert: error: {nowhere}: no such folder as {Path.GetDirectoryName(nowhere)}",
                $"edgert: error: {nowhere}: no such folder as {Path.GetDirectoryName(nowhere)}",
            ],
            result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Chat_FullContext_SaysSoAndGoesOn()
    {
        string words = string.Join(' ', Enumerable.Repeat("word", 100));
        EdgertResult result = Edgert.RunWith($"{words}\nHi\n", ["chat", "-m", Edgert.Stories, "-c", "32", .. Greedy]).Expect(0);
        Assert.Contains("the context is full", result.Error, StringComparison.Ordinal);
        Assert.NotEmpty(result.Output.Trim());
    }

    [Fact]
    public void Chat_AnswerThatFillsTheContext_SaysSo()
    {
        EdgertResult result =
            Edgert.RunWith("Once upon\n", "chat", "-m", Edgert.Stories, "-c", "24", "--temp", "0", "--logit-bias", "2-1000").Expect(0);
        Assert.Contains("the context is full", result.Error, StringComparison.Ordinal);
        Assert.NotEmpty(result.Output.Trim());
    }

    [Fact]
    public void Chat_Clear_ForgetsWhatWasSaid()
    {
        EdgertResult once = Edgert.RunWith("Once upon\n", ["chat", "-m", Edgert.Stories, .. Greedy]).Expect(0);
        EdgertResult twice = Edgert.RunWith("The dog\n/clear\nOnce upon\n", ["chat", "-m", Edgert.Stories, .. Greedy]).Expect(0);
        Assert.EndsWith(once.Output, twice.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_Undo_RemovesTheLastTurn()
    {
        EdgertResult once = Edgert.RunWith("Once upon\n", ["chat", "-m", Edgert.Stories, .. Greedy]).Expect(0);
        EdgertResult twice =
            Edgert.RunWith("The dog\n/undo\nOnce upon\n/undo\n/undo\n", ["chat", "-m", Edgert.Stories, .. Greedy]).Expect(0);
        Assert.EndsWith(once.Output, twice.Output, StringComparison.Ordinal);
        Assert.Contains("there is no message to remove", twice.Error, StringComparison.Ordinal);
    }
}
