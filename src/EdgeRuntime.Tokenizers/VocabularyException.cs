using System;

namespace EdgeRuntime.Tokenizers;

/// <summary>A vocabulary that contradicts itself.</summary>
public sealed class VocabularyException : Exception
{
    /// <param name="key">Last part of the key to blame ("tokens", "merges", "scores" ...).</param>
    /// <param name="what">What was found and what was expected: one line.</param>
    public VocabularyException(string key, string what)
        : base($"{key}: {what}")
    {
        Key = key;
        What = what;
    }

    /// <summary>Last part of the key to blame.</summary>
    public string Key { get; }

    /// <summary>What was found and what was expected.</summary>
    public string What { get; }
}
