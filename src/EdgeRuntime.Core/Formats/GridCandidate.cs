using System.Runtime.CompilerServices;

namespace EdgeRuntime.Formats;

/// <summary>Points for a group of weights, and their error with some scale.</summary>
internal struct GridCandidate
{
    public float Error;

    /// <summary>The grid points.</summary>
    public PointIndexes Points;

    /// <summary>Which levels apply, one byte per point.</summary>
    public Bytes8 Lowered;

    /// <summary>An index for each point of a group.</summary>
    [InlineArray(8)]
    public struct PointIndexes
    {
        private ushort _first;
    }
}
