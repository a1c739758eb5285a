using System;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Bench;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Bench;

public sealed class ParallelBenchTests
{
    private static readonly string[] Small = ["bench", Edgert.Stories, "-p", "8,600", "-n", "4", "-r", "2", "-t", "1"];

    [Fact]
    public void Parallel_Jsonl_HasTheFieldsOfLlamaBatchedBench()
    {
        EdgertResult result = Edgert.Run([.. Small, "--parallel", "1,3", "-o", "jsonl"]).Expect(0);
        string[] lines = result.Output.TrimEnd().Split('\n');
        JsonElement[] rows = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal([(8, 1), (8, 3), (600, 1), (600, 3)], rows.Select(row => (Int32(row, "pp"), Int32(row, "pl"))));
        Assert.All(rows, row =>
        {
            Assert.Equal(4, Int32(row, "tg"));
            Assert.Equal(Int32(row, "pl") * (Int32(row, "pp") + 4), Int32(row, "n_kv"));
            double prefill = row.GetProperty("t_pp").GetDouble();
            double decode = row.GetProperty("t_tg").GetDouble();
            Assert.Equal(prefill + decode, row.GetProperty("t").GetDouble(), 1e-5);
            Assert.Equal(1, row.GetProperty("speed_tg").GetDouble() * decode / (4 * Int32(row, "pl")), 0.05);
            Assert.Equal(1, row.GetProperty("speed_pp").GetDouble() * prefill / (Int32(row, "pp") * Int32(row, "pl")), 0.05);
            Assert.True(row.GetProperty("speed").GetDouble() > 0);
            Assert.Equal(2, row.GetProperty("samples_t_tg").GetArrayLength());
            Assert.Equal(1, Int32(row, "n_threads"));
        });
        Assert.Contains("each sequence got the 5 tokens that it gets alone", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Parallel_Table_HasTheColumnsOfLlamaBatchedBench()
    {
        const string Columns = "| PP | TG | B | N_KV | T_PP s | S_PP t/s | T_TG s | S_TG t/s | T s | S t/s |";
        Assert.Contains(Columns, Edgert.Run([.. Small, "-npl", "2", "-o", "md"]).Expect(0).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--parallel 0: expected numbers of 1 to 256", "--parallel", "0")]
    [InlineData("--parallel 1,x: expected numbers of 1 to 256", "--parallel", "1,x")]
    [InlineData("--parallel 257: expected numbers of 1 to 256", "-npl", "257")]
    [InlineData("--parallel with -p 0: expected 1 or more", "--parallel", "2", "-p", "0")]
    [InlineData("--parallel with -n 0: expected 1 or more", "--parallel", "2", "-n", "0")]
    [InlineData("--n-depth has no meaning beside --parallel", "--parallel", "2", "-d", "8")]
    [InlineData("--compare has no meaning beside --parallel", "--parallel", "2", "--compare", "libllama=/nowhere")]
    [InlineData("--energy has no meaning beside --parallel", "--parallel", "2", "--energy", "none")]
    public void Parallel_WrongArguments_AreOneLine(string expected, params string[] arguments) =>
        Assert.Contains(expected, Edgert.Run(["bench", Edgert.Stories, .. arguments]).ExpectErrorLine(2), StringComparison.Ordinal);

    [Fact]
    public void SequenceBatch_PromptsOfTheirOwn_HaveTokensOfTheirOwn()
    {
        using var model = LanguageModel.Load(Edgert.Stories, new ModelOptions { Threads = 1 });
        int[][] prompts = [.. Enumerable.Range(0, 3).Select(i => BenchTokens.Create(300, model.VocabularySize, i))];
        using var batch = new SequenceBatch(model, prompts.Length, positions: 316, new KvTypes(KvCacheType.F16, KvCacheType.F16));
        batch.Prefill(prompts);
        for (int i = 0; i < 16; i++)
        {
            batch.Decode();
        }

        int[][] tokens = [.. prompts.Select((_, i) => batch.Tokens(i)[300..].ToArray())];
        Assert.All(tokens, answer => Assert.Equal(17, answer.Length));
        Assert.Equal(3, tokens.Select(answer => string.Join(' ', answer)).Distinct().Count());
    }

    [Fact]
    public void CheckTokens_AnotherToken_IsAnError()
    {
        var test = new ParallelTest(Prompt: 2, Generated: 2, Sequences: 8);
        ParallelBench.CheckTokens("a.gguf", test, 3, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]);
        CommandException error = Assert.Throws<CommandException>(
            () => ParallelBench.CheckTokens("a.gguf", test, 3, [1, 2, 3, 4, 5], [1, 2, 3, 7, 5]));
        Assert.StartsWith(
            "a.gguf: pp2+tg2 x 8: sequence 3 got token 4 at position 3 and token 7 alone; expected the same", error.Message,
            StringComparison.Ordinal);
    }

    private static int Int32(JsonElement row, string name) => row.GetProperty(name).GetInt32();
}
