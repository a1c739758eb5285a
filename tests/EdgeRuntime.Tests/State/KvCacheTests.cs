using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Attention;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.State;
using Xunit;

namespace EdgeRuntime.Tests.State;

public sealed unsafe class KvCacheTests
{
    private const int Layers = 2;
    private const int KvHeads = 3;
    private const int KeyLength = 20;
    private const int ValueLength = 36;

    public static TheoryData<TensorType> Types => [.. KvFormat.Types];

    /// <summary>Greatest error of a stored number in -1..1.</summary>
    private static double Error(TensorType type) => type switch
    {
        TensorType.F32 => 0,
        TensorType.F16 => 1.0 / 4096,
        TensorType.BF16 => 1.0 / 512,
        TensorType.Q8_0 => 0.505 / 127,
        _ => 1.01 / 8, // the far end of the range has one step less
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Store_AnyPosition_ComesBackWithinTheTypesPrecision(TensorType type)
    {
        const int Capacity = 300;
        using KvCache cache = Filled(type, Capacity);
        KvLayout layout = new(type, type, KeyLength, ValueLength);
        for (int layer = 0; layer < Layers; layer++)
        {
            for (int head = 0; head < KvHeads; head++)
            {
                for (int position = 0; position < Capacity; position++)
                {
                    (float[] key, float[] value) = Original(layer, head, position);
                    (float[] cachedKey, float[] cachedValue) = Cached(cache, layout, layer, head, position);
                    AssertNear(key, cachedKey, Error(type));
                    AssertNear(value, cachedValue, Error(type));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Shift_MiddlePositions_MovesValuesAndTurnsKeys(TensorType type)
    {
        const int Length = 290;
        const int Keep = 5;
        const int Rotated = 12;
        foreach (RopePairing pairing in Enum.GetValues<RopePairing>())
        {
            foreach (int count in new[] { 3, 40, Length - Keep })
            {
                using KvCache cache = Filled(type, Length);
                (float[] cos, float[] sin) = Table(Rotated, -count);
                cache.Shift(Keep, count, Turns(new KvTurn(cos, sin, pairing)));

                Assert.Equal(Length - count, cache.Length);
                KvLayout layout = new(type, type, KeyLength, ValueLength);
                for (int position = 0; position < cache.Length; position++)
                {
                    int from = position < Keep ? position : position + count;
                    (float[] key, float[] value) = Original(1, 2, from);
                    if (position >= Keep)
                    {
                        fixed (float* k = key, c = cos, s = sin)
                        {
                            Rope.Apply(k, 1, KeyLength, Rotated, c, s, pairing);
                        }
                    }

                    (float[] cachedKey, float[] cachedValue) = Cached(cache, layout, 1, 2, position);
                    // Rounded twice, and a turn makes numbers up to the square root of 2.
                    AssertNear(key, cachedKey, (3.5 * Error(type)) + 1e-6);
                    AssertNear(value, cachedValue, Error(type));
                }
            }
        }
    }

    [Fact]
    public void Shift_KeysOfKnownPositions_AreAsIfStoredAtTheNewOnes()
    {
        const int Count = 7;
        float[] plain = [.. Enumerable.Range(0, KeyLength).Select(i => MathF.Sin(i + 1))];
        float[] value = new float[ValueLength];
        using KvCache cache = new(KvCases.Layers(1, 1, KeyLength, ValueLength, TensorType.F32), 64, 64);
        cache.Reserve(40);
        for (int position = 0; position < 40; position++)
        {
            Store(cache, 0, 0, position, Rotate(plain, position), value);
        }

        cache.Advance(40);
        (float[] cos, float[] sin) = Table(KeyLength, -Count);
        cache.Shift(0, Count, [new KvTurn(cos, sin, RopePairing.Neox)]);
        KvLayout layout = new(TensorType.F32, TensorType.F32, KeyLength, ValueLength);
        for (int position = 0; position < cache.Length; position++)
        {
            AssertNear(Rotate(plain, position), Cached(cache, layout, 0, 0, position).Key, 1e-5);
        }
    }

    /// <summary>A cache of Q4_0 holds heads of 64 transformed, so a shift turns the keys that the transform gives back.</summary>
    [Fact]
    public void Shift_TransformedKeys_AreTurnedAsTheModelsKeys()
    {
        const int Length = 64;
        const int Count = 3;
        (float[] cos, float[] sin) = Table(Length, -Count);
        float[] key = [.. Enumerable.Range(0, Length).Select(static i => MathF.Sin(i * i))];
        float[] expected = [.. key];
        using KvCache cache = new(KvCases.Layers(1, 1, Length, Length, TensorType.Q4_0), 16, 16);
        cache.Reserve(Count + 1);
        float[] panel = new float[Length * KvLayout.PanelPositions];
        fixed (float* k = key, e = expected, c = cos, s = sin, p = panel)
        {
            HadamardTransform.Apply(k, Length);
            cache.Store(0, 0, Count, k, k);
            cache.Advance(Count + 1);
            cache.Shift(0, Count, [new KvTurn(cos, sin, RopePairing.Neox)]);
            AttentionSlice slice = default;
            cache.Fill(ref slice, 0);
            new KvLayout(TensorType.Q4_0, TensorType.Q4_0, Length, Length).ExpandKeys(slice.Chunks, 0, p);
            float[] cached = [.. Enumerable.Range(0, Length).Select(i => panel[i * KvLayout.PanelPositions])];
            Rope.Apply(e, 1, Length, Length, c, s, RopePairing.Neox);
            HadamardTransform.Apply(e, Length);
            AssertNear(expected, cached, 0.5); // rounded twice, with steps of an eighth of the greatest
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Shift_NoTurn_MovesKeysAsTheyAre(TensorType type)
    {
        using KvCache cache = Filled(type, 100);
        KvLayout layout = new(type, type, KeyLength, ValueLength);
        (float[] key, float[] value) = Cached(cache, layout, 1, 2, 60);
        cache.Shift(10, 25, new KvTurn[Layers]);
        (float[] movedKey, float[] movedValue) = Cached(cache, layout, 1, 2, 35);
        Assert.Equal(key, movedKey);
        Assert.Equal(value, movedValue);
    }

    [Fact]
    public void Shift_TurnOfTheTail_LeavesTheRest()
    {
        const int First = 12;
        using KvCache cache = Filled(TensorType.F32, 40);
        KvLayout layout = new(TensorType.F32, TensorType.F32, KeyLength, ValueLength);
        (float[] cos, float[] sin) = Table(KeyLength - First, -6);
        cache.Shift(0, 6, Turns(new KvTurn(cos, sin, RopePairing.Norm, First)));
        float[] expected = Original(0, 1, 20).Key;
        fixed (float* key = expected, c = cos, s = sin)
        {
            Rope.Apply(key + First, 1, KeyLength - First, KeyLength - First, c, s, RopePairing.Norm);
        }

        Assert.Equal(expected, Cached(cache, layout, 0, 1, 14).Key);
    }

    [Fact]
    public void LengthAndCapacity_OutOfRange_AreRefused()
    {
        using KvCache cache = new(KvCases.Layers(1, 1, 16, 16, TensorType.F16), 10, 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Advance(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Store(0, 0, 0, null, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Reserve(11));
        cache.Reserve(10);
        cache.Advance(10);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Advance(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Reserve(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(11));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Store(0, 0, 10, null, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Store(1, 0, 0, null, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Shift(4, 7, new KvTurn[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Shift(4, 3, new KvTurn[2]));
        cache.Truncate(4);
        Assert.Equal(4, cache.Length);
        cache.Advance(6);
        Assert.Equal(10, cache.Length);
    }

    [Theory]
    [InlineData(TensorType.F32, 4)]
    [InlineData(TensorType.F16, 2)]
    [InlineData(TensorType.BF16, 2)]
    [InlineData(TensorType.Q8_0, 1.0625)]
    [InlineData(TensorType.Q4_0, 0.5625)]
    public void ByteSize_SmolLM2_IsThatOfItsElements(TensorType type, double bytesPerElement)
    {
        using KvCache cache = new(KvCases.Layers(30, 3, 64, 64, type), 4096, 512);
        Assert.Equal(30 * 3 * 128 * 4096 * bytesPerElement, cache.ByteSize);
    }

    private static KvCache Filled(TensorType type, int length)
    {
        KvCache cache = new(KvCases.Layers(Layers, KvHeads, KeyLength, ValueLength, type), length, length);
        cache.Reserve(length);
        for (int layer = 0; layer < Layers; layer++)
        {
            for (int head = 0; head < KvHeads; head++)
            {
                for (int position = 0; position < length; position++)
                {
                    (float[] key, float[] value) = Original(layer, head, position);
                    Store(cache, layer, head, position, key, value);
                }
            }
        }

        cache.Advance(length);
        return cache;
    }

    private static KvTurn[] Turns(KvTurn turn) => [.. Enumerable.Repeat(turn, Layers)];

    private static (float[] Key, float[] Value) Original(int layer, int head, int position)
    {
        Random random = new((((layer * 10) + head) * 1000) + position);
        float[] both = [.. Enumerable.Range(0, KeyLength + ValueLength).Select(_ => (random.NextSingle() * 2) - 1)];
        return (both[..KeyLength], both[KeyLength..]);
    }

    private static void Store(KvCache cache, int layer, int head, int position, float[] key, float[] value)
    {
        fixed (float* k = key, v = value)
        {
            cache.Store(layer, head, position, k, v);
        }
    }

    private static (float[] Key, float[] Value) Cached(KvCache cache, KvLayout layout, int layer, int head, int position)
    {
        AttentionSlice slice = default;
        cache.Fill(ref slice, layer);
        byte* chunk = slice.Chunks + (position / KvLayout.ChunkPositions * slice.ChunkStride) + (head * slice.HeadStride);
        int inChunk = position % KvLayout.ChunkPositions;
        float[] panel = new float[KeyLength * KvLayout.PanelPositions];
        float[] value = new float[KvLayout.ValueLanes(ValueLength)];
        fixed (float* p = panel, v = value)
        {
            layout.ExpandKeys(chunk, inChunk / KvLayout.PanelPositions, p);
            layout.ExpandValue(chunk, inChunk, v);
        }

        float[] key =
            [.. Enumerable.Range(0, KeyLength).Select(i => panel[(i * KvLayout.PanelPositions) + (inChunk % KvLayout.PanelPositions)])];
        return (key, value[..ValueLength]);
    }

    private static (float[] Cos, float[] Sin) Table(int rotated, int position)
    {
        double[] angles = [.. Enumerable.Range(0, rotated / 2).Select(i => position * Math.Pow(100, -2.0 * i / rotated))];
        return ([.. angles.Select(angle => (float)Math.Cos(angle))], [.. angles.Select(angle => (float)Math.Sin(angle))]);
    }

    private static float[] Rotate(float[] plain, int position)
    {
        float[] key = [.. plain];
        (float[] cos, float[] sin) = Table(KeyLength, position);
        fixed (float* k = key, c = cos, s = sin)
        {
            Rope.Apply(k, 1, KeyLength, KeyLength, c, s, RopePairing.Neox);
        }

        return key;
    }

    private static void AssertNear(float[] expected, float[] actual, double error)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= error, $"element {i}: {actual[i]:r} for {expected[i]:r}");
        }
    }
}
