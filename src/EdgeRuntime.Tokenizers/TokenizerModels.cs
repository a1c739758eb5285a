using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime;

/// <summary>Lists the tokenizer models by their names in files.</summary>
internal static class TokenizerModels
{
    /// <summary>The supported tokenizer models.</summary>
    public static readonly IReadOnlyList<(string Name, Func<VocabularyData, Tokenizer> Create)> All =
    [
        ("llama", static data => new SentencePieceTokenizer(data)),
        ("gpt2", static data => new BytePairTokenizer(data, PreTokenizers.Find(data.PreTokenizer))),
        ("hybriddna", static data => new HybridDnaTokenizer(data)),
        ("whitespace", static data => new WhitespaceTokenizer(data)),
        ("bert", static data => new WordPieceTokenizer(data)),
        ("t5", static data => new UnigramTokenizer(data)),
        ("rwkv", static data => new RwkvTokenizer(data)),
        ("plamo2", static data => new PlamoTokenizer(data)),
        ("gemma4", static data => new BytePairTokenizer(data, PreTokenizers.Gemma4)),
    ];

    /// <inheritdoc cref="Tokenizer.Create"/>
    public static Tokenizer Create(VocabularyData vocabulary)
    {
        foreach ((string name, Func<VocabularyData, Tokenizer> create) in All)
        {
            if (name == vocabulary.Model)
            {
                return create(vocabulary);
            }
        }

        throw new TokenizerException(
            $"tokenizer model \"{vocabulary.Model}\" is not supported; supported are {string.Join(", ", All.Select(model => model.Name))}");
    }
}
