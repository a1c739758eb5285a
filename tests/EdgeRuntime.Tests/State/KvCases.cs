using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.State;

namespace EdgeRuntime.Tests.State;

/// <summary>Layers of caches.</summary>
internal static class KvCases
{
    public static KvGeometry[] Layers(
        int layers, int kvHeads, int keyLength, int valueLength, TensorType keyType, TensorType? valueType = null, int window = 0) =>
        [.. Enumerable.Repeat(
            new KvGeometry
            {
                KvHeads = kvHeads,
                KeyLength = keyLength,
                ValueLength = valueLength,
                KeyType = keyType,
                ValueType = valueType ?? keyType,
                Window = window,
            },
            layers)];

    /// <summary>Three layers that differ in everything; two of them have a window.</summary>
    public static KvGeometry[] Mixed(int window, int otherWindow) =>
    [
        Layers(1, 2, 20, 12, TensorType.F16)[0],
        Layers(1, 1, 16, 40, TensorType.Q8_0, TensorType.Q4_0, window)[0],
        Layers(1, 3, 7, 9, TensorType.BF16, TensorType.F32, otherWindow)[0],
    ];

    /// <summary>A number in -1..1 for each element of what is stored or asked at a position.</summary>
    public static float[] Numbers(int seed, int position, int salt, int count)
    {
        Random random = new(HashCode(seed, position, salt));
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    private static int HashCode(int seed, int position, int salt) => unchecked((seed * 1_000_003) + (position * 101) + salt);
}
