using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace EdgeRuntime.Gguf;

/// <summary>
/// The keys and values of a file. Getters convert between integer types where the value fits; a value of the wrong type is a
/// <see cref="ModelFormatException"/> that names the key, what was found and what was expected.
/// </summary>
public sealed class GgufMetadata
{
    internal GgufMetadata() => throw new NotImplementedException();

    /// <summary>Keys in the file's order.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>Whether the key is there.</summary>
    public bool Contains(string key) => throw new NotImplementedException(key);

    /// <summary>The value as a boxed scalar (bool, byte ... ulong, float, double, string) or an array of one of these.</summary>
    public bool TryGetValue(string key, [NotNullWhen(true)] out object? value) => throw new NotImplementedException(key);

    /// <summary>A string, or <paramref name="fallback"/> where the key is absent; null fallback means the key is required.</summary>
    public string GetString(string key, string? fallback = null) => throw new NotImplementedException(key);

    /// <summary>An integer that fits int32, or the fallback; null fallback means the key is required.</summary>
    public int GetInt32(string key, int? fallback = null) => throw new NotImplementedException(key);

    /// <summary>A number as float32, or the fallback; null fallback means the key is required.</summary>
    public float GetSingle(string key, float? fallback = null) => throw new NotImplementedException(key);

    /// <summary>A bool, or the fallback; null fallback means the key is required.</summary>
    public bool GetBoolean(string key, bool? fallback = null) => throw new NotImplementedException(key);

    /// <summary>An array of strings; empty where the key is absent.</summary>
    public IReadOnlyList<string> GetStrings(string key) => throw new NotImplementedException(key);

    /// <summary>An array of floats; empty where absent.</summary>
    public ReadOnlyMemory<float> GetSingles(string key) => throw new NotImplementedException(key);

    /// <summary>An array of integers that fit int32; empty where absent.</summary>
    public ReadOnlyMemory<int> GetInt32s(string key) => throw new NotImplementedException(key);
}
