using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

public sealed class InfoTests
{
    [Fact]
    public void Info_BundledModel_TellsWhatItHoldsAndNeeds()
    {
        JsonElement json = Edgert.Run("info", "--json", "--ctx", "2048", "--kv-type", "f32").Expect(0).Json;
        Assert.Equal("llama", json.GetProperty("architecture").GetString());
        Assert.Equal(134_515_008, json.GetProperty("parameters").GetInt64());
        Assert.Equal(49_152, json.GetProperty("tokenizer").GetProperty("tokens").GetInt32());
        Assert.True(json.GetProperty("chat_template").GetBoolean());
        Assert.True(json.GetProperty("runs_here").GetBoolean());
        JsonElement types = json.GetProperty("tensor_types");
        Assert.Equal(["Q4_1", "Q8_0", "F32"], types.EnumerateArray().Select(type => type.GetProperty("type").GetString()));
        Assert.Equal([210, 1, 61], types.EnumerateArray().Select(type => type.GetProperty("count").GetInt32()));

        // 30 layers, 3 KV heads, 64 elements each of key and value, 4 bytes.
        Assert.Equal(2048L * 30 * 3 * (64 + 64) * 4, json.GetProperty("memory").GetProperty("kv_cache_bytes").GetInt64());
    }

    [Fact]
    public void Info_KeysAndValuesOfTwoTypes_TellsTheirMemory()
    {
        EdgertResult result = Edgert.Run("info", "--json", "--ctx", "2048", "-ctk", "q8_0", "-ctv", "q4_0").Expect(0);
        JsonElement memory = result.Json.GetProperty("memory");
        Assert.Equal("Q8_0/Q4_0", memory.GetProperty("kv_type").GetString());
        Assert.Equal("q8_0", memory.GetProperty("type_k").GetString());
        Assert.Equal("q4_0", memory.GetProperty("type_v").GetString());
        // 34 and 18 bytes for 32 numbers.
        Assert.Equal(2048L * 30 * 3 * 2 * (34 + 18), memory.GetProperty("kv_cache_bytes").GetInt64());
    }

    [Fact]
    public void Info_Text_NamesTheSameFacts()
    {
        string output = Edgert.Run("info", Edgert.SmolLm).Expect(0).Output;
        string[] facts = ["llama", "134,515,008", "gpt2 (smollm), 49152 tokens", "Q4_1", "66,355,200", "KV cache", "runs here       yes"];
        Assert.All(facts, fact => Assert.Contains(fact, output, StringComparison.Ordinal));
    }

    [Fact]
    public void Info_TensorsThatTheArchitectureDoesNotRun_AreListed()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("model.gguf");
        File.WriteAllBytes(file, ModelCopies.Renamed(
            static key => key.Replace("llama.", "llama-embed.", StringComparison.Ordinal), ("general.architecture", "llama-embed")));
        JsonElement json = Edgert.Run("info", "--json", file).Expect(0).Json;
        Assert.Equal(["output.weight"], json.GetProperty("tensors_not_run").EnumerateArray().Select(name => name.GetString()));
        Assert.True(json.GetProperty("runs_here").GetBoolean(), json.GetProperty("problems").ToString());
        long bytes = json.GetProperty("tensor_types").EnumerateArray().Sum(type => type.GetProperty("bytes").GetInt64());
        Assert.Equal(bytes - (512 * 64 * sizeof(float)), json.GetProperty("memory").GetProperty("weight_bytes").GetInt64());
        Assert.Contains("\n  output.weight\n", Edgert.Run("info", file).Expect(0).Output, StringComparison.Ordinal);
        Assert.Empty(Edgert.Run("info", "--json", Edgert.Stories).Expect(0).Json.GetProperty("tensors_not_run").EnumerateArray());
    }

    [Fact]
    public void Info_UnknownArchitecture_StillPrintsAndSaysWhy()
    {
        string output = Edgert.Run("info", SharedData.Require("models/mmproj-tinygemma3.gguf")).Expect(0).Output;
        Assert.Contains("runs here       no", output, StringComparison.Ordinal);
        Assert.Contains("tensor type", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_VocabularyAlone_DoesNotRun()
    {
        string output = Edgert.Run("info", SharedData.Require("conformance/tokenizers/qwen2.gguf")).Expect(0).Output;
        Assert.Contains("151936 tokens", output, StringComparison.Ordinal);
        Assert.Contains("no tensors", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_ProblemsOfTheTokenizer_DoNotNameTheFileAgain()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("unsupported.gguf");
        using (FileStream stream = File.Create(file))
        {
            var writer = new GgufWriter(stream);
            writer.AddKey("tokenizer.ggml.model", "sixth");
            writer.Complete();
        }

        string output = Edgert.Run("info", file).Expect(0).Output;
        Assert.Equal(2, output.Split(file).Length);
    }

    [Theory]
    [InlineData("x\ny\r\u2028", "name            x^Jy^M<U+2028>\n")]
    [InlineData("a\nruns here       yes, with magic kernels", "name            a^Jruns here       yes, with magic kernels\n")]
    public void Info_LineBreakInAName_IsShownAsAControlCharacter(string name, string expected)
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("named.gguf");
        using (FileStream stream = File.Create(file))
        {
            var writer = new GgufWriter(stream);
            writer.AddKey("general.name", name);
            writer.Complete();
        }

        Assert.Contains(expected, Edgert.Run("info", file).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Info_SplitModel_CountsAllParts()
    {
        string folder = SharedData.Require("conformance/split");
        string part = Directory.GetFiles(folder, "*00002-of-00003.gguf").Single();
        JsonElement json = Edgert.Run("info", "--json", part).Expect(0).Json;
        Assert.Equal(3, json.GetProperty("parts").GetInt32());
        Assert.Equal(48, json.GetProperty("tensor_types").EnumerateArray().Sum(type => type.GetProperty("count").GetInt32()));
    }
}
