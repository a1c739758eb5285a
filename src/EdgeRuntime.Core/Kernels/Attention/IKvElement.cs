namespace EdgeRuntime.Kernels.Attention;

/// <summary>
/// A number format of cached keys and values. Keys of 16 positions form a panel with the positions in the lanes, so that 16
/// scores need no horizontal sum; values lie row by row, so that the output's elements are the lanes.
/// </summary>
/// <remarks>
/// Every element is brought to float exactly before it is computed with, so the arithmetic of attention is the same for all
/// formats and does not depend on where this happens.
/// </remarks>
internal unsafe interface IKvElement : Vector.ITileSource
{
    /// <summary>Whether panels and rows are float already: then they are read in place.</summary>
    static abstract bool IsFloat { get; }

    /// <summary>
    /// Whether an element stands for itself, so that tiles can read panels and rows as they lie (with prefetching, for data
    /// that is read once). Otherwise <see cref="Vector.ITileSource.Load"/> is not called.
    /// </summary>
    static abstract bool IsElementwise { get; }

    /// <summary>Bytes of the keys of 16 positions.</summary>
    static abstract int KeyPanelBytes(int keyLength);

    /// <summary>Bytes of one position's values.</summary>
    static abstract int ValueRowBytes(int valueLength);

    /// <summary>Writes one position's key into its lane of a panel.</summary>
    /// <param name="panel">The panel.</param>
    /// <param name="lane">0 to 15.</param>
    /// <param name="key">[keyLength].</param>
    /// <param name="keyLength">Elements of a key.</param>
    static abstract void StoreKey(byte* panel, int lane, float* key, int keyLength);

    /// <summary>Writes one position's values.</summary>
    static abstract void StoreValue(byte* row, float* value, int valueLength);

    /// <summary>A panel as float [keyLength][16].</summary>
    static abstract void ExpandKeys<TLanes>(byte* panel, int keyLength, float* keys)
        where TLanes : struct, Vector.ILanes<TLanes>;

    /// <summary>Some rows as float [rows][valueLanes], valueLanes being valueLength rounded up to 16.</summary>
    static abstract void ExpandValues<TLanes>(byte* values, int rows, int valueLength, float* expanded)
        where TLanes : struct, Vector.ILanes<TLanes>;
}
