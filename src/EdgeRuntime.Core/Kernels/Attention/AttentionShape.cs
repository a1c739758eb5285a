using System;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>The definition of a layer's attention: sizes, the treatment of scores, and which keys a query sees. Immutable.</summary>
/// <remarks>
/// The keys that a query sees form one interval, and so do the queries that see a key; both move up with their position.
/// Masks are defined by the four methods below and nowhere else.
/// </remarks>
internal record AttentionShape
{
    /// <summary>The number of query heads, a multiple of <see cref="KvHeads"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>KV heads; each serves <see cref="Group"/> query heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Elements of a head's query and key.</summary>
    public required int KeyLength { get; init; }

    /// <summary>Elements of a head's value and output.</summary>
    public required int ValueLength { get; init; }

    /// <summary>Factor of the scores, as a rule 1 / sqrt(KeyLength).</summary>
    public required float Scale { get; init; }

    /// <summary>Bound c of the scores, s = c * tanh(s / c); 0 for none.</summary>
    public float ScoreCap { get; init; }

    /// <summary>A query sees only keys less than this many positions before it, so itself and Window - 1 others; 0 for no limit.</summary>
    public int Window { get; init; }

    /// <summary>A query sees only keys of its own run of positions [n * ChunkWindow, (n + 1) * ChunkWindow); 0 for no limit.</summary>
    public int ChunkWindow { get; init; }

    /// <summary>Whether a query sees no keys after its own position. Otherwise all tokens of a slice see each other.</summary>
    public bool IsCausal { get; init; } = true;

    /// <summary>Without <see cref="IsCausal"/>: the greatest number of later keys that a query sees; null for no limit.</summary>
    public int? LookAhead { get; init; }

    /// <summary>[Heads]: the slope m of each head's bias, s -= m * |distance| (ALiBi); null for none.</summary>
    public float[]? AlibiSlopes { get; init; }

    /// <summary>[Heads]: one more logit of each head, which counts in the softmax's sum only; null for none.</summary>
    public float[]? Sinks { get; init; }

    /// <summary>Query heads of a KV head.</summary>
    public int Group => Heads / KvHeads;

    /// <summary>The greatest number of positions, its own included, that a query looks back; null for all.</summary>
    public int? Reach => (Window, ChunkWindow) switch
    {
        (0, 0) => null,
        (0, int chunk) => chunk,
        (int window, 0) => window,
        (int window, int chunk) => int.Min(window, chunk),
    };

    /// <summary>Gets the first key that the query at a position sees.</summary>
    public int FirstKey(int position)
    {
        int first = Window == 0 ? 0 : int.Max(0, position - Window + 1);
        return ChunkWindow == 0 ? first : int.Max(first, position - (position % ChunkWindow));
    }

    /// <summary>Gets one past the last key that the query at a position sees.</summary>
    /// <param name="position">The query's.</param>
    /// <param name="end">Positions that have keys, the slice's own included.</param>
    public int EndKey(int position, int end)
    {
        int last = IsCausal ? position + 1 : LookAhead is { } ahead ? (int)long.Min(end, position + 1L + ahead) : end;
        return ChunkWindow == 0 ? last : (int)long.Min(last, NextChunkWindow(position));
    }

    /// <summary>Gets a lower bound of the queries that see a key.</summary>
    public int FirstQuery(int key) => IsCausal ? key : LookAhead is { } ahead ? int.Max(0, key - ahead) : 0;

    /// <summary>Gets one past the last query that sees a key.</summary>
    public int EndQuery(int key)
    {
        long end = Window == 0 ? int.MaxValue : (long)key + Window;
        return (int)long.Min(int.MaxValue, ChunkWindow == 0 ? end : long.Min(end, NextChunkWindow(key)));
    }

    /// <exception cref="ArgumentException">Sizes that do not fit together.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(KvHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(KeyLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ValueLength, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(ScoreCap);
        ArgumentOutOfRangeException.ThrowIfNegative(Window);
        ArgumentOutOfRangeException.ThrowIfNegative(ChunkWindow);
        if (Heads < 1 || Heads % KvHeads != 0)
        {
            throw new ArgumentException($"{Heads} query heads cannot be shared out among {KvHeads} KV heads; a multiple is needed");
        }

        RequireOnePerHead(AlibiSlopes, nameof(AlibiSlopes));
        RequireOnePerHead(Sinks, nameof(Sinks));
    }

    private long NextChunkWindow(int position) => ((long)(position / ChunkWindow) + 1) * ChunkWindow;

    private void RequireOnePerHead(float[]? values, string name)
    {
        if (values is not null && values.Length != Heads)
        {
            throw new ArgumentException($"{name} has {values.Length} numbers; {Heads}, one for each query head, are needed");
        }
    }
}
