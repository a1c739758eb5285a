using System;
using System.Collections.Generic;

namespace EdgeRuntime.Conversion;

/// <summary>The keys of a GGUF file in order. A later value of a key replaces the earlier one.</summary>
/// <param name="architecture">The architecture, which starts the names of the model's keys.</param>
internal sealed class KeyList(string architecture)
{
    private readonly OrderedDictionary<string, object> _values = [];

    /// <summary>Gets the architecture.</summary>
    public string Architecture => architecture;

    /// <summary>Gets the keys and values.</summary>
    public IEnumerable<KeyValuePair<string, object>> Values => _values;

    /// <summary>Finds the value of a key by its whole name, or null.</summary>
    public object? FindWhole(string key) => _values.GetValueOrDefault(key);

    /// <summary>Sets a key by its whole name.</summary>
    public void SetWhole(string key, object value) => _values[key] = value;

    /// <summary>Removes a key by its whole name.</summary>
    public void RemoveWhole(string key) => _values.Remove(key);

    /// <summary>Removes keys of the model.</summary>
    public void Remove(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            _values.Remove($"{architecture}.{key}");
        }
    }

    /// <summary>Sets a key of the model; its name follows the architecture.</summary>
    public void Set(string key, object value) => _values[$"{architecture}.{key}"] = value;
}
