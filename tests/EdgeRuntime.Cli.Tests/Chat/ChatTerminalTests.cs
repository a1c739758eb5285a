using System;
using System.Linq;
using System.Text.RegularExpressions;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Chat;

/// <summary>The chat in a real terminal: keys, signals, screen.</summary>
public sealed partial class ChatTerminalTests
{
    [Fact]
    public void Chat_Turn_StreamsTheAnswerAndADimLineWithItsCosts()
    {
        using TerminalSession terminal = Start(Edgert.SmolLm, "-n", "16");
        terminal.WaitForPrompt();
        terminal.WaitForRecord("loading SmolLM2");
        Assert.DoesNotContain("loading", terminal.Screen, StringComparison.Ordinal);

        terminal.Enter("Repeat after me: the quick brown fox jumps over the lazy dog.");
        string screen = terminal.WaitFor(seen => CostLine().IsMatch(seen), "the line with the costs");
        Assert.Contains("quick brown fox", screen.Split("lazy dog.")[1], StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\e[2mprompt ", terminal.ColouredScreen, StringComparison.Ordinal);

        terminal.WaitForPrompt();
        terminal.Enter("/exit");
        terminal.WaitFor("[left with 0]");
    }

    [Fact]
    public void Chat_LongAnswer_IsBrokenBetweenWords()
    {
        const string Turn = "Once upon a time";
        string[] options = ["chat", "-m", Edgert.Stories, "--temp", "0", "-n", "120"];
        string[] words = Edgert.RunWith(Turn + "\n", options).Expect(0).Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

        using TerminalSession terminal = new(options);
        terminal.WaitForPrompt();
        terminal.Resize(30, 40);
        terminal.Enter(Turn);
        string screen = terminal.WaitFor(
            seen => seen.ReplaceLineEndings("").Contains("first token after", StringComparison.Ordinal), "the line with the costs");
        string answer = screen.Split("> " + Turn)[1].Split("\nprompt ")[0];
        Assert.Equal(words, answer.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.True(answer.Trim().Split('\n').Length > 5, answer);
    }

    [Fact]
    public void Chat_CtrlC_StopsTheAnswerAndKeepsTheSessionASecondOneLeaves()
    {
        using TerminalSession terminal = Start(Edgert.SmolLm);
        terminal.WaitForPrompt();
        terminal.Enter("Write a very long story about a ship, with a hundred chapters.");
        terminal.WaitFor(screen => screen.Split('\n').Count(line => line.Length > 40) >= 3, "some of the answer");
        terminal.Keys("C-c");
        terminal.WaitFor("(interrupted)");
        terminal.WaitForPrompt();

        terminal.Enter("/stats");
        terminal.WaitFor("messages  2");
        terminal.WaitForPrompt();
        terminal.Keys("C-c");
        terminal.WaitFor("[left with 0]");
    }

    [Fact]
    public void Chat_CtrlCWithTypedText_DropsTheTextFirst()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Type("half a thou");
        terminal.WaitFor("> half a thou");
        terminal.Keys("C-c");
        terminal.WaitForPrompt();
        terminal.Keys("C-c");
        terminal.WaitFor("[left with 0]");
    }

    [Fact]
    public void Chat_CtrlD_LeavesAtAnEmptyPrompt()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Keys("C-d");
        terminal.WaitFor("[left with 0]");
    }

    [Fact]
    public void Chat_EditingKeys_ChangeTheLine()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Type("/hexp");
        terminal.Keys("Left", "Left");
        terminal.Keys("C-d");
        terminal.Type("l");
        terminal.WaitFor("> /help");
        terminal.Keys("Home");
        terminal.Type("x");
        terminal.WaitFor("> x/help");
        terminal.Keys("BSpace", "End");
        terminal.Type(" me please");
        terminal.WaitFor("> /help me please");
        terminal.Keys("C-w");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == "> /help me", "the last word gone");
        terminal.Keys("C-a", "Right", "C-k");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == "> /", "the rest gone");
        terminal.Keys("C-e");
        terminal.Type("zzz");
        terminal.Keys("C-u");
        terminal.WaitForPrompt();
        terminal.Enter("/help");
        terminal.WaitFor("answers the last message anew");
    }

    [Fact]
    public void Chat_History_ComesBackWithTheArrows()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Enter("/system one");
        terminal.WaitFor("system: one");
        terminal.WaitForPrompt();
        terminal.Enter("/system two");
        terminal.WaitFor("system: two");
        terminal.WaitForPrompt();
        terminal.Keys("Up");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == "> /system two", "the last line");
        terminal.Keys("Up");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == "> /system one", "the line before");
        terminal.Keys("Up", "Down", "Down");
        terminal.WaitForPrompt();
    }

    [Fact]
    public void Chat_LineLongerThanTheScreen_WrapsAndCanBeEdited()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Type("/system " + new string('a', 140));
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == new string('a', 30), "a second row");
        terminal.Keys("Home", "Right");
        terminal.Type("x");
        terminal.WaitFor("> /xsystem aaa");
        terminal.Keys("BSpace", "End", "BSpace");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == new string('a', 29), "one a less");
        terminal.Keys("Enter");
        terminal.WaitFor("system: aaa");
        Assert.DoesNotContain("xsystem", terminal.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_ResizedTerminal_KeepsOneCopyOfTheLine()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Type("/system " + new string('a', 140));
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == new string('a', 30), "two rows of 120");
        terminal.Resize(60, 24);
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == new string('a', 30), "three rows of 60");
        terminal.Type("b");
        string screen = terminal.WaitFor(seen => TerminalSession.LastLine(seen) == new string('a', 30) + "b", "one letter more");
        Assert.Single(screen.Split('\n'), line => line.StartsWith("> /system", StringComparison.Ordinal));
        terminal.Resize(140, 24);
        terminal.Keys("BSpace", "Home", "Right");
        terminal.Type("x");
        screen = terminal.WaitFor("> /xsystem aaa");
        Assert.Single(screen.Split('\n'), line => line.StartsWith("> /", StringComparison.Ordinal));
        terminal.Keys("Home", "C-k", "C-d");
        terminal.WaitFor("[left with 0]");
    }

    [Fact]
    public void Chat_ResizeDuringAnAnswer_GoesOn()
    {
        using TerminalSession terminal = Start(Edgert.Stories, "-n", "400", "--logit-bias", "2-1000");
        terminal.WaitForPrompt();
        terminal.Enter("Once");
        terminal.WaitFor(screen => screen.Trim().Length > 200, "some of the answer");
        terminal.Resize(40, 12);
        terminal.Resize(100, 30);
        terminal.WaitFor(screen => screen.ReplaceLineEndings("").Contains("--max-tokens)", StringComparison.Ordinal), "the answer's end");
        terminal.WaitForPrompt();
        terminal.Enter("/exit");
        terminal.WaitFor("[left with 0]");
    }

    [Fact]
    public void Chat_WideCharacters_KeepTheCursorInItsPlace()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Type("/system 世界é");
        terminal.WaitFor("> /system 世界é");
        terminal.Keys("Left", "Left");
        terminal.Type("x");
        terminal.WaitFor("> /system 世x界é");
        terminal.Type("🙂");
        terminal.WaitFor("> /system 世x🙂界é");
        Assert.DoesNotContain('\uFFFD', terminal.Record);
        terminal.Keys("Enter");
        terminal.WaitFor("system: 世x🙂界é");
    }

    [Fact]
    public void Chat_SeveralLines_AreOneTurn()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Enter("/system one\\");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == ".", "the prompt of a further line");
        terminal.Enter("two");
        terminal.WaitFor("system: one");
        terminal.WaitForPrompt();
        terminal.Enter("\"\"\"/system three");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == ".", "the prompt of a further line");
        terminal.Enter("four\"\"\"");
        terminal.WaitFor("system: three");
    }

    [Fact]
    public void Chat_PastedLines_AreEchoedOnceAndAllAnswered()
    {
        using TerminalSession terminal = Start(Edgert.Stories);
        terminal.WaitForPrompt();
        terminal.Type("/system one\r/system two\r/system three\r");
        terminal.WaitFor("system: three");
        string screen = terminal.WaitForPrompt();
        Assert.Equal(3, screen.Split('\n').Count(line => line.StartsWith("> /system", StringComparison.Ordinal)));
        Assert.Contains("system: one", screen, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\nprompt \d+ tokens, [\d.]+ tok/s; generated \d+ tokens, [\d.]+ tok/s; first token after [\d.]+ s")]
    private static partial Regex CostLine();

    private static TerminalSession Start(string model, params string[] options) => new(["chat", "-m", model, "--temp", "0", .. options]);
}
