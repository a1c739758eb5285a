using System.Runtime.CompilerServices;
using EdgeRuntime.Kernels.Vector;

namespace EdgeRuntime.Kernels.Attention;

/// <summary>F32, F16 and BF16: keys [keyLength][16] a panel, values [valueLanes] a row.</summary>
internal sealed unsafe class KvFloats<TElement> : KvFormat
    where TElement : struct, IFloatElement
{
    private const int StoreAtOnce = 64;

    public override KvProduct<TLanes> CreateProduct<TLanes>() => new KvFloatProduct<TLanes, TElement>();

    public override int KeyPanelBytes(int keyLength) => keyLength * KvLayout.PanelPositions * TElement.ElementBytes;

    public override int ValueRowBytes(int valueLength) => KvLayout.ValueLanes(valueLength) * TElement.ElementBytes;

    public override void StoreKey(byte* panel, int lane, float* key, int keyLength)
    {
        byte* elements = stackalloc byte[StoreAtOnce * sizeof(float)];
        for (int first = 0; first < keyLength; first += StoreAtOnce)
        {
            int count = int.Min(StoreAtOnce, keyLength - first);
            TElement.Store(key + first, elements, count);
            for (int i = 0; i < count; i++)
            {
                int place = ((first + i) * KvLayout.PanelPositions) + lane;
                if (TElement.ElementBytes == sizeof(ushort))
                {
                    ((ushort*)panel)[place] = ((ushort*)elements)[i];
                }
                else
                {
                    ((float*)panel)[place] = ((float*)elements)[i];
                }
            }
        }
    }

    public override void StoreValue(byte* row, float* value, int valueLength) => TElement.Store(value, row, valueLength);
}

/// <summary>Products with keys and values of a float type: a few rows read them as they are stored.</summary>
internal sealed unsafe class KvFloatProduct<TLanes, TElement> : KvProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
    where TElement : struct, IFloatElement
{
    public override bool ReadsAsStored(int rows) => rows <= TileProduct<TLanes>.TileRows;

    public override void Score(float* queries, byte* keys, int keyLength, int panels, float* scores, int rows, float* expanded)
    {
        if (ReadsAsStored(rows))
        {
            ScoreTile<Streamed<TElement>>(queries, keys, keyLength, panels, scores, rows);
        }
        else
        {
            base.Score(queries, keys, keyLength, panels, scores, rows, expanded);
        }
    }

    public override void Sum(
        float* weights, byte* values, int valueLength, int positions, float* output, int outputStride, int rows, bool accumulate,
        float* expanded)
    {
        if (ReadsAsStored(rows))
        {
            SumTile<Streamed<TElement>>(weights, values, valueLength, positions, output, outputStride, rows, accumulate);
        }
        else
        {
            base.Sum(weights, values, valueLength, positions, output, outputStride, rows, accumulate, expanded);
        }
    }

    public override float* ExpandKeys(byte* keys, int panels, int keyLength, float* expanded) =>
        Expand(keys, panels * KvLayout.PanelPositions * keyLength, expanded);

    public override float* ExpandValues(byte* values, int positions, int valueLength, float* expanded) =>
        Expand(values, positions * KvLayout.ValueLanes(valueLength), expanded);

    /// <param name="source">[count].</param>
    /// <param name="count">A multiple of 16.</param>
    /// <param name="expanded">[count].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float* Expand(byte* source, nint count, float* expanded)
    {
        if (typeof(TElement) == typeof(Float32Element))
        {
            return (float*)source;
        }

        for (nint i = 0; i < count; i += TLanes.Count)
        {
            Prefetch.Ahead(source + (i * TElement.ElementBytes));
            TLanes.Store(TElement.Load<TLanes>(source + (i * TElement.ElementBytes)), expanded + i);
        }

        return expanded;
    }
}
