using System;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Architectures;

/// <summary>
/// Layers without keys and values of their own: those at the end of a model, which read the keys and values of the last layer before them
/// of their own kind, with a window or without.
/// </summary>
internal sealed class SharedKeys
{
    private const string Key = "attention.shared_kv_layers";

    private readonly ArchitectureKeys _keys;
    private readonly bool[] _hasWindow;
    private readonly int _withKeys;

    /// <param name="keys">The model's metadata.</param>
    /// <param name="hasWindow">Whether a layer has a window, for each layer.</param>
    /// <param name="fallback">The number of layers without keys where the file has none.</param>
    public SharedKeys(ArchitectureKeys keys, bool[] hasWindow, int fallback)
    {
        _keys = keys;
        _hasWindow = hasWindow;
        int without = keys.NotNegative(Key, fallback);
        _withKeys = hasWindow.Length - without;
        keys.Require(
            without == 0 || _withKeys >= 2, Key, $"{without}", $"0, or at most block_count - 2, {hasWindow.Length - 2}");
    }

    /// <summary>Creates the attention of all layers.</summary>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="specs">The parameters of each layer.</param>
    public Attention[] CreateAttention(int hidden, AttentionSpec[] specs)
    {
        var attention = new Attention[specs.Length];
        for (int i = 0; i < attention.Length; i++)
        {
            int source = i < _withKeys ? i : _withKeys - (_hasWindow[i] ? 2 : 1);
            _keys.Require(
                _hasWindow[i] == _hasWindow[source] && specs[i].KvHeads == specs[source].KvHeads, Key, $"{specs.Length - _withKeys}",
                $"a number with which layer {i} reads keys of a layer of its own kind, not of layer {source}");
            attention[i] = new Attention($"blk.{i}", hidden, specs[i], source == i ? null : attention[source]);
        }

        return attention;
    }

    /// <summary>Gets whether a tensor makes keys or values in a layer that reads those of another one.</summary>
    public bool IsUnused(string tensor) =>
        LayerNames.IndexOf(tensor) >= _withKeys
        && (tensor.Contains(".attn_k.", StringComparison.Ordinal) || tensor.Contains(".attn_v.", StringComparison.Ordinal)
            || tensor.Contains(".attn_k_norm.", StringComparison.Ordinal));
}
