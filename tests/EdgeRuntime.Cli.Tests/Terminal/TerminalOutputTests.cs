using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using EdgeRuntime.Tuning;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Terminal;

/// <summary>Text from outside on a real terminal: shown, not obeyed, wherever it comes from.</summary>
public sealed class TerminalOutputTests : IDisposable
{
    /// <summary>Sets the title, turns the direction of text, and colours the rest.</summary>
    private const string Hostile = "\e]0;owned\a\u202ex\u009b31m";

    private const string Shown = "^[]0;owned^G<U+202E>x<U+009B>31m";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_Tokens_AreShown()
    {
        using var terminal = new TerminalSession("run", "-m", Edgert.Stories, "-p", "Once", "-n", "3", "--logit-bias", "30+1000");
        terminal.WaitFor("^[^[^[");
        terminal.WaitFor("[left with 0]");
    }

    [Fact]
    public void Chat_TokensAndTypedText_AreShown()
    {
        using var terminal = new TerminalSession("chat", "-m", Edgert.Stories, "-n", "3", "--logit-bias", "30+1000");
        terminal.WaitForPrompt();
        terminal.Enter("Once");
        terminal.WaitFor("\n^[^[^[\n");
        terminal.WaitForPrompt();
        terminal.Type("/x\u202ey");
        terminal.WaitFor("> /x<U+202E>y");
        terminal.Keys("Left");
        terminal.Type("z");
        terminal.WaitFor("> /x<U+202E>zy");
        terminal.Keys("Enter");
        terminal.WaitFor("/x<U+202E>zy: no such command");
        terminal.WaitForPrompt();
        terminal.Keys("Up");
        terminal.WaitFor(screen => TerminalSession.LastLine(screen) == "> /x<U+202E>zy", "the recalled line");
        Assert.DoesNotContain('\u202e', terminal.Record);
    }

    [Fact]
    public void FileName_InErrorProgressAndFacts_IsShown()
    {
        string file = _folder.File(Hostile + ".gguf");
        ExpectShown(["info", file]);
        File.Copy(Edgert.Stories, file);
        ExpectShown(["info", file]);
        ExpectShown(["run", "-m", file, "-p", "Once", "-n", "1", "--verbose"]);
    }

    [Fact]
    public void Metadata_IsShown()
    {
        byte[] bytes = File.ReadAllBytes(Edgert.Stories);
        int name = bytes.AsSpan().IndexOf("general.name"u8);
        int value = name + bytes.AsSpan(name).IndexOf("llama"u8);
        "\e[31m"u8.CopyTo(bytes.AsSpan(value));
        File.WriteAllBytes(_folder.File("named.gguf"), bytes);
        using var terminal = new TerminalSession("info", _folder.File("named.gguf"));
        terminal.WaitFor("^[[31m");
        Assert.DoesNotContain("\e[31m", terminal.ColouredScreen, StringComparison.Ordinal);
    }

    [Fact]
    public void TemplateError_IsShown()
    {
        string template = _folder.Write("template.jinja", "{{ raise_exception(text) }}");
        var named = new Dictionary<string, object> { ["case"] = new { text = Hostile } };
        string cases = _folder.Write("cases.json", JsonSerializer.Serialize(new { cases = named }));
        ExpectShown(["render", template, "--cases", cases, "--verbose"]);
    }

    [Fact]
    public void Catalogue_IsShown()
    {
        string catalogue = File.ReadAllText(TestModels.InRepository("catalog.json"));
        string description = "\"description\": " + JsonSerializer.Serialize(Hostile).TrimEnd('"');
        string hostile = catalogue.Replace("\"description\": \"", description, StringComparison.Ordinal);
        Assert.NotEqual(catalogue, hostile);
        ExpectShown(["pull", "--catalog", _folder.Write("catalog.json", hostile)]);
    }

    [Fact]
    public void TuningProfile_InAWarning_IsShown()
    {
        using var model = GgufFile.Open(Edgert.Stories);
        TuningKey key = TuningKey.Of(model);
        var choice = new TuningChoice(1, "scalar", "scalar", KvCacheType.F16, 64);
        new TuningProfile(key with { Processor = Hostile }, choice, []).Save(_folder.File(key.FileName));
        var environment = new Dictionary<string, string> { ["EDGERUNTIME_PROFILES"] = _folder.Path };
        ExpectShown(["run", "-m", Edgert.Stories, "-p", "Once", "-n", "1"], environment);
    }

    [Fact]
    public void Json_StaysJson()
    {
        string file = _folder.File(Hostile + ".gguf");
        File.Copy(Edgert.Stories, file);
        using var terminal = new TerminalSession("info", "--json", file);
        terminal.WaitForRecord("[left with 0]");
        string json = terminal.Record.Split("[left with 0]")[0];
        Assert.Equal(file, JsonDocument.Parse(json).RootElement.GetProperty("file").GetString());
        Assert.DoesNotContain(json, c => c is '\u202e' or '\u009b' or '\e');
    }

    [Fact]
    public void Sources_OfTheCommand_HaveNoOtherWayToTheTerminal()
    {
        string root = Path.Combine(SharedData.Repository, "src", "EdgeRuntime.Cli");
        Assert.SkipUnless(Directory.Exists(root), "the sources are absent");
        (string Pattern, string[] Owners)[] ways =
        [
            (@"Console\.OpenStandard", ["StandardStream.cs", "StandardInput.cs"]),
            ("OpenForControlSequences", ["StandardStream.cs", "TerminalConsole.cs"]),
            (@"Console\.Set(Out|Error)", ["Program.cs"]),
            (@"\bAnsiConsole\.(Write|Markup)|new AnsiConsoleSettings\(\)", ["TerminalConsole.cs"]),
        ];
        string generated = Path.DirectorySeparatorChar + "obj" + Path.DirectorySeparatorChar;
        foreach (string file in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            string text = File.ReadAllText(file);
            foreach ((string pattern, string[] owners) in ways)
            {
                bool allowed = file.Contains(generated, StringComparison.Ordinal) || owners.Contains(Path.GetFileName(file));
                Assert.True(allowed || !Regex.IsMatch(text, pattern), $"{file}: {pattern} belongs to {string.Join(", ", owners)}");
            }
        }
    }

    private static void ExpectShown(string[] arguments, Dictionary<string, string>? environment = null)
    {
        using var terminal = new TerminalSession(environment ?? [], arguments);
        terminal.WaitForRecord("[left with ");
        string record = terminal.Record;
        Assert.Contains(Shown, record, StringComparison.Ordinal);
        Assert.DoesNotContain("\e]", record, StringComparison.Ordinal);
        Assert.DoesNotContain(record, c => c is '\a' or '\u202e' or '\u009b');
    }
}
