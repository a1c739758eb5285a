using System.Collections.Concurrent;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>The tokenizers of the reference vocabularies, each opened once.</summary>
internal static class Vocabularies
{
    private static readonly ConcurrentDictionary<string, Tokenizer> Opened = new();

    /// <summary>Vocabularies whose tokens give any text back.</summary>
    public static readonly string[] Lossless = ["llama-spm", "phi-3", "gpt-2", "llama-bpe", "qwen2", "deepseek-llm", "gemma-4"];

    /// <summary>Vocabularies with a JSON file of texts and ids.</summary>
    public static readonly string[] Supported = [.. Lossless, "bert-bge"];

    public static Tokenizer Open(string name)
    {
        string path = SharedData.Require($"conformance/tokenizers/{name}.gguf");
        return Opened.GetOrAdd(name, _ =>
        {
            using GgufFile file = GgufFile.Open(path);
            return GgufVocabulary.CreateTokenizer(file);
        });
    }
}
