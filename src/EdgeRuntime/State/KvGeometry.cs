using EdgeRuntime.Formats;

namespace EdgeRuntime.State;

/// <summary>The keys and values that one layer keeps of each position.</summary>
internal readonly record struct KvGeometry
{
    /// <summary>The number of KV heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>The number of elements of a head's key.</summary>
    public required int KeyLength { get; init; }

    /// <summary>The number of elements of a head's value.</summary>
    public required int ValueLength { get; init; }

    /// <summary>The type of keys: one of <see cref="Kernels.Attention.KvFormat.Types"/>.</summary>
    public required TensorType KeyType { get; init; }

    /// <summary>The type of values: one of <see cref="Kernels.Attention.KvFormat.Types"/>.</summary>
    public required TensorType ValueType { get; init; }

    /// <summary>The number of positions that a query attends to, its own included; 0 for all. No more are kept.</summary>
    public int Window { get; init; }
}
