using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Runtime;

/// <summary>Folders in the form of ONNX Runtime GenAI's model builder: genai_config.json, model.onnx, tokenizer.json.</summary>
public sealed class OnnxFolderTests : IDisposable
{
    private const string Config = "genai_config.json";

    private static readonly int[] s_prompt = [1, 403, 407, 261, 378, 290, 311];

    private readonly string _root = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;

    private string Folder => Path.Combine(_root, "model");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Load_AFolderOfGenAi_GivesTheLogitsOfTheGgufFile()
    {
        WriteFolder();
        using LanguageModel found = Load();
        using LanguageModel expected = LanguageModel.Load(TestModels.Stories, new ModelOptions { Exact = true });
        using ModelSession a = found.CreateSession(new() { ContextLength = 64 });
        using ModelSession b = expected.CreateSession(new() { ContextLength = 64 });
        Assert.InRange(SelfCheck.NormalizedError(a.ForwardAll(s_prompt), b.ForwardAll(s_prompt)), 0, 1e-5);
        a.Truncate(3);
        b.Truncate(3);
        Assert.InRange(SelfCheck.NormalizedError(a.Forward([9, 10]), b.Forward([9, 10])), 0, 1e-5);
        string text = expected.Tokenizer.Decode(s_prompt.AsSpan(1));
        Assert.Equal(text, found.Tokenizer.Decode(s_prompt.AsSpan(1)));
    }

    [Theory]
    [InlineData("vocab_size", "\"many\"", "model.vocab_size")]
    [InlineData("context_length", "-1", "model.context_length")]
    [InlineData("decoder", "{}", "model.decoder.inputs")]
    public void Load_ADamagedDescription_NamesTheValue(string key, string value, string place)
    {
        WriteFolder();
        JsonNode root = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, Config)))!;
        root["model"]![key] = JsonNode.Parse(value);
        File.WriteAllText(Path.Combine(Folder, Config), root.ToJsonString());
        Assert.Contains(place, Assert.Throws<ModelFormatException>(() => Load()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../model.onnx")]
    [InlineData("absent.onnx")]
    public void Load_AGraphThatIsNotInTheFolder_IsRefused(string name)
    {
        WriteFolder();
        JsonNode root = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, Config)))!;
        root["model"]!["decoder"]!["filename"] = name;
        File.WriteAllText(Path.Combine(Folder, Config), root.ToJsonString());
        Assert.Throws<ModelFormatException>(() => Load());
    }

    [Fact]
    public void Load_AGraphWithAnUnknownInput_NamesIt()
    {
        WriteFolder();
        File.WriteAllBytes(Path.Combine(Folder, "model.onnx"), [1, 2, 3]);
        Assert.Throws<OnnxDeviceException>(() => Load());
        var graph = new OnnxGraph("other", default);
        string input = graph.Input("images", ElementKind.Float32, "4");
        graph.Add("Add", [input, input], ["y"]);
        graph.Output("y", ElementKind.Float32, "4");
        File.WriteAllBytes(Path.Combine(Folder, "model.onnx"), graph.ToModel());
        Assert.Contains("input_ids", Assert.Throws<ModelFormatException>(() => Load()).Message, StringComparison.Ordinal);
    }

    private LanguageModel Load() =>
        LanguageModel.Load(Folder, new ModelOptions { Exact = true, Threads = 1, Backends = [new OnnxFolderBackend()] });

    /// <summary>Writes what the model builder writes: a graph with a mask, and the vocabulary as a tokenizer.json.</summary>
    private void WriteFolder()
    {
        OnnxExporter.Export(TestModels.Stories, Folder, OnnxProfile.CpuExact);
        File.Delete(Path.Combine(Folder, "engine.onnx"));
        using GgufFile file = GgufFile.Open(TestModels.Stories);
        IReadOnlyList<string> pieces = file.Metadata.GetStrings("tokenizer.ggml.tokens");
        float[] scores = file.Metadata.GetSingles("tokenizer.ggml.scores").ToArray();
        var vocabulary = new JsonArray([.. pieces.Zip(scores, static (piece, score) => (JsonNode)new JsonArray(piece, score))]);
        var special = new JsonArray([.. ((string[])["<unk>", "<s>", "</s>"]).Select(static (text, id) => (JsonNode)new JsonObject
        {
            ["id"] = id,
            ["content"] = text,
            ["special"] = true,
        })]);
        var metaspace = new JsonObject { ["type"] = "Metaspace", ["replacement"] = "\u2581", ["prepend_scheme"] = "always" };
        var tokenizer = new JsonObject
        {
            ["added_tokens"] = special,
            ["pre_tokenizer"] = metaspace,
            ["decoder"] = metaspace.DeepClone(),
            ["model"] = new JsonObject { ["type"] = "Unigram", ["unk_id"] = 0, ["vocab"] = vocabulary },
        };
        File.WriteAllText(Path.Combine(Folder, "tokenizer.json"), tokenizer.ToJsonString());
        File.WriteAllText(
            Path.Combine(Folder, "tokenizer_config.json"), JsonSerializer.Serialize(new { bos_token = "<s>", eos_token = "</s>" }));
    }
}
