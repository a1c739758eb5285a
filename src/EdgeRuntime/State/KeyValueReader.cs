using System;

namespace EdgeRuntime.State;

/// <summary>Reads keys and values that another engine has computed for a layer.</summary>
/// <param name="layer">The layer, in the order of <see cref="StatePlan.Layers"/>.</param>
/// <param name="first">The first position.</param>
/// <param name="count">The number of positions.</param>
/// <param name="keys">[KV heads, count, key length]: receives the keys, rotated.</param>
/// <param name="values">[KV heads, count, value length]: receives the values.</param>
internal delegate void KeyValueReader(int layer, int first, int count, Span<float> keys, Span<float> values);
