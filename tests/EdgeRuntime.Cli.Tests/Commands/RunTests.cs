using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert run</c> as scripts use it.</summary>
public sealed class RunTests
{
    // Token 2 is EOS: ruled out where a test needs an answer that does not end by itself.
    private static readonly string[] Endless = ["--logit-bias", "2-1000"];

    [Fact]
    public void Run_Prompt_AnswersOnStandardOutputAndNothingElse()
    {
        EdgertResult result = Edgert.Run(
            "run", "--system", "You are a terse assistant. Answer in one short sentence.", "-p", "Name the three primary colours.",
            "--temp", "0", "-n", "32").Expect(0);
        Assert.Contains("colours", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', result.Output);
        Assert.DoesNotContain("<|im_end|>", result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void Run_GoldenConversation_StartsAsTheExactModelDoes()
    {
        string file = SharedData.Require("models/SmolLM2-135M-Instruct-Q4_1.golden.json");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(file));
        JsonElement single = golden.RootElement.EnumerateArray().First(item => item.GetProperty("messages").GetArrayLength() == 2);
        JsonElement[] messages = [.. single.GetProperty("messages").EnumerateArray()];
        JsonElement json = Edgert.Run(
            "run", "--system", messages[0].GetProperty("content").GetString()!, "-p", messages[1].GetProperty("content").GetString()!,
            "--temp", "0", "--json", "-n", "1").Expect(0).Json;
        Assert.Equal(single.GetProperty("prompt_ids").GetArrayLength(), json.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(single.GetProperty("greedy_ids")[0].GetInt32(), json.GetProperty("tokens")[0].GetInt32());
    }

    [Fact]
    public void Run_ControlTokenInPrompt_IsParsedInRawPromptsOnly()
    {
        static int Tokens(params string[] options) =>
            Edgert.Run(["run", "-n", "1", "--json", .. options]).Expect(0).Json.GetProperty("prompt_tokens").GetInt32();
        int plain = Edgert.Run("tokenize", "--ids", "--no-parse-special", "<|im_end|>").Expect(0).Json.GetArrayLength();

        Assert.True(plain > 1);
        Assert.Equal(1, Tokens("--no-template", "-p", "<|im_end|>"));
        Assert.Equal(plain, Tokens("--no-template", "--no-parse-special", "-p", "<|im_end|>"));
        Assert.Equal(Tokens("-p", "x") - 1 + plain, Tokens("-p", "<|im_end|>"));
    }

    [Fact]
    public void Run_SameSeed_GivesTheSameBytesOnAnyNumberOfThreads()
    {
        string[] arguments = ["run", "-p", "Tell me a story.", "--temp", "1.2", "-n", "40"];
        string first = Edgert.Run([.. arguments, "--seed", "42"]).Expect(0).Output;
        Assert.NotEmpty(first);
        Assert.Equal(first, Edgert.Run([.. arguments, "--seed", "42"]).Expect(0).Output);
        Assert.Equal(first, Edgert.Run([.. arguments, "--seed", "42", "--threads", "1"]).Expect(0).Output);
        Assert.NotEqual(first, Edgert.Run([.. arguments, "--seed", "43"]).Expect(0).Output);
    }

    [Fact]
    public void Run_StandardInputAndFile_AreThePromptToo()
    {
        using var folder = new TemporaryFolder();
        string[] options = ["-m", Edgert.Stories, "--temp", "0", "-n", "20"];
        string expected = Edgert.Run(["run", "-p", "Once upon a time", .. options]).Expect(0).Output;
        Assert.Equal(expected, Edgert.RunWith("Once upon a time\n", ["run", .. options]).Expect(0).Output);
        Assert.Equal(expected, Edgert.Run(["run", "-f", folder.Write("prompt.txt", "Once upon a time\n"), .. options]).Expect(0).Output);
    }

    [Fact]
    public void Run_PromptAsArgument_IsThePromptToo()
    {
        string[] options = ["--temp", "0", "-n", "20"];
        string expected = Edgert.Run(["run", "-m", Edgert.Stories, "-p", "Once upon a time", .. options]).Expect(0).Output;
        Assert.Equal(expected, Edgert.Run(["run", Edgert.Stories, "Once upon a time", .. options]).Expect(0).Output);
        Assert.Equal(expected, Edgert.Run(["run", "-m", Edgert.Stories, "Once upon a time", .. options]).Expect(0).Output);
    }

    [Fact]
    public void Run_PromptGivenTwice_IsRefused()
    {
        EdgertResult twice = Edgert.Run("run", Edgert.Stories, "Once", "-p", "upon").Expect(2);
        Assert.Contains("expected one prompt", twice.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Json_IsOneObjectWithTextTokensAndTimings()
    {
        string[] arguments = ["run", "-m", Edgert.Stories, "-p", "Once upon a time", "--seed", "7", "-n", "12"];
        JsonElement json = Edgert.Run([.. arguments, "--json"]).Expect(0).Json;
        Assert.Equal(12, json.GetProperty("tokens").GetArrayLength());
        Assert.Equal(12, json.GetProperty("generated_tokens").GetInt32());
        Assert.Equal("length", json.GetProperty("stop_reason").GetString());
        Assert.Equal(7, json.GetProperty("seed").GetInt32());
        Assert.EndsWith("stories260K.gguf", json.GetProperty("model").GetString(), StringComparison.Ordinal);
        Assert.True(json.GetProperty("timings").GetProperty("time_to_first_token_seconds").GetDouble() > 0);
        Assert.Equal(Edgert.Run(arguments).Expect(0).Output, json.GetProperty("text").GetString());
    }

    [Fact]
    public void Run_StopText_EndsTheAnswerBeforeIt()
    {
        string[] arguments = ["run", "-m", Edgert.Stories, "-p", "Once upon a time", "--temp", "0", "-n", "40"];
        string whole = Edgert.Run(arguments).Expect(0).Output;
        string word = whole.Trim().Split(' ')[4];
        JsonElement json = Edgert.Run([.. arguments, "--stop", word, "--json"]).Expect(0).Json;
        Assert.Equal(whole[..whole.IndexOf(word, StringComparison.Ordinal)], json.GetProperty("text").GetString());
        Assert.Equal("stop", json.GetProperty("stop_reason").GetString());
    }

    [Fact]
    public void Run_LogitBias_RulesTokensOut()
    {
        string[] arguments = ["run", "-m", Edgert.Stories, "-p", "Once upon a time", "--temp", "0", "-n", "1", "--json"];
        int first = Edgert.Run(arguments).Expect(0).Json.GetProperty("tokens")[0].GetInt32();
        JsonElement other = Edgert.Run([.. arguments, "--logit-bias", $"{first}-100"]).Expect(0).Json;
        Assert.NotEqual(first, other.GetProperty("tokens")[0].GetInt32());
    }

    [Fact]
    public void Run_FullContext_StopsOrShifts()
    {
        string[] options =
            ["run", "-m", Edgert.Stories, "-p", "Once upon a time", "--temp", "0", "-c", "24", "-n", "60", "--json", .. Endless];
        EdgertResult full = Edgert.Run(options).Expect(0);
        Assert.Equal("context", full.Json.GetProperty("stop_reason").GetString());
        Assert.Contains("the context of 24 tokens is full", full.Error, StringComparison.Ordinal);
        JsonElement shifted = Edgert.Run([.. options, "--context-shift"]).Expect(0).Json;
        Assert.Equal(("length", 60), (shifted.GetProperty("stop_reason").GetString(), shifted.GetProperty("generated_tokens").GetInt32()));
    }

    [Fact]
    public void Run_PromptLongerThanTheContext_IsOneClearLine()
    {
        string error = Edgert.Run("run", "-m", Edgert.Stories, "-p", "Once upon a time there was", "-c", "4").ExpectErrorLine(1);
        Assert.Contains("--ctx", error, StringComparison.Ordinal);
    }

    [Fact]
    public void RunAndChat_WeightsThatOverflow_AreOneClearLine()
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = File.ReadAllBytes(Edgert.Stories);
        bytes.AsSpan(bytes.Length - 200_000).Fill(0x7E); // as floats: 8e37
        File.WriteAllBytes(folder.File("huge.gguf"), bytes);
        string error = Edgert.Run("run", folder.File("huge.gguf"), "-p", "Once").ExpectErrorLine(1);
        Assert.Contains("weights are damaged", error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);

        EdgertResult chat = Edgert.RunWith("Once\n/stats\n", "chat", folder.File("huge.gguf")).Expect(0);
        Assert.Contains("weights are damaged", chat.Error, StringComparison.Ordinal);
        Assert.Contains("messages", chat.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ReaderGoesAway_EndsQuietlyAndSoonAsSigpipeWould()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows reports a closed pipe as written");
        using Process process = Edgert.Start(
            new Dictionary<string, string?>(),
            ["run", "-m", Edgert.Stories, "-p", "Once", "-n", "1000000", "-c", "64", "--context-shift", .. Endless]);
        process.StandardInput.Close();
        Assert.NotEqual(-1, process.StandardOutput.Read());
        process.StandardOutput.Close();
        string error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)), "it still runs");
        Assert.Equal((141, ""), (process.ExitCode, error));
    }

    [Fact]
    public void Run_CtrlC_StopsTheAnswer()
    {
        using var terminal =
            new TerminalSession("run", "-p", "Write a very long story about a ship, with a hundred chapters.", "--temp", "0");
        terminal.WaitFor(screen => screen.Trim().Length > 60, "some of the answer");
        terminal.Keys("C-c");
        terminal.WaitFor("[left with 130]");
    }

    [Fact]
    public void Run_Verbose_TellsMoreOnStandardErrorOnly()
    {
        string[] options = ["run", "-m", Edgert.Stories, "-p", "Once upon a time", "--temp", "0", "-n", "8"];
        EdgertResult result = Edgert.Run([.. options, "--verbose"]).Expect(0);
        Assert.Equal(Edgert.Run(options).Output, result.Output);
        Assert.Contains("tok/s", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LogFile_GetsTheLog()
    {
        using var folder = new TemporaryFolder();
        EdgertResult result =
            Edgert.Run("run", "-m", Edgert.Stories, "-p", "Once", "-n", "4", "--log-file", folder.File("log.txt")).Expect(0);
        Assert.Empty(result.Error);
        Assert.Contains("stories260K.gguf", File.ReadAllText(folder.File("log.txt")), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ModelInTheEnvironmentsFolder_IsFoundByNameAndAlone()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Edgert.Stories, folder.File("Tiny.gguf"));
        var environment = new Dictionary<string, string?> { ["EDGERUNTIME_MODELS"] = folder.Path };
        foreach (string[] model in (string[][])[[], ["-m", "tiny"], ["tiny.gguf"]])
        {
            JsonElement json = Edgert.RunIn(environment, null, ["run", .. model, "-p", "Once", "-n", "1", "--json"]).Expect(0).Json;
            Assert.Equal(folder.File("Tiny.gguf"), json.GetProperty("model").GetString());
        }
    }
}
