using System;

namespace EdgeRuntime.Tokenizers;

/// <summary>A vocabulary that contradicts itself.</summary>
public sealed class VocabularyException : Exception
{
    /// <param name="key">Last part of the key to blame ("tokens", "merges", "scores" ...).</param>
    /// <param name="found">What was found.</param>
    /// <param name="expected">What was expected.</param>
    public VocabularyException(string key, string found, string expected)
        : base($"{key}: found {found}, expected {expected}")
    {
        Key = key;
        Found = found;
        Expected = expected;
    }

    /// <summary>Last part of the key to blame.</summary>
    public string Key { get; }

    /// <summary>What was found.</summary>
    public string Found { get; }

    /// <summary>What was expected.</summary>
    public string Expected { get; }
}
