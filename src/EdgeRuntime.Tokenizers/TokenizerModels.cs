using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Tokenizers;

/// <summary>The tokenizer models by the names that files give them.</summary>
internal static class TokenizerModels
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<(string Name, Func<VocabularyData, Tokenizer> Create)> All =
    [
        ("llama", static data => new SentencePieceTokenizer(data)),
        ("gpt2", static data => new BytePairTokenizer(data, PreTokenizers.Find(data.PreTokenizer))),
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
