namespace EdgeRuntime;

/// <summary>The exception that is thrown for a contradictory vocabulary.</summary>
internal sealed class VocabularyException : EdgeRuntimeException
{
    /// <param name="key">The last part of the key with the error ("tokens", "merges", "scores" and others).</param>
    /// <param name="found">What was found.</param>
    /// <param name="expected">What was expected.</param>
    public VocabularyException(string key, string found, string expected)
        : base($"{key}: found {found}, expected {expected}")
    {
        Key = key;
        Found = found;
        Expected = expected;
    }

    /// <summary>Gets the last part of the key with the error.</summary>
    public string Key { get; }

    /// <summary>Gets what was found.</summary>
    public string Found { get; }

    /// <summary>Gets what was expected.</summary>
    public string Expected { get; }
}
