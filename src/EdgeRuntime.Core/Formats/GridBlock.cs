using System.Runtime.CompilerServices;

namespace EdgeRuntime.Formats;

/// <summary>The contents of a super-block of an IQ type before they are packed: 256 weights d * (2 sc + 1) * sign * level.</summary>
internal struct GridBlock
{
    public ushort D;

    /// <summary>The grid points, one per four or eight weights.</summary>
    public PointIndexes Points;

    /// <summary>Byte i: signs of weights 8 i..8 i + 7.</summary>
    public Bytes32 Signs;

    /// <summary>The sc, one per 16 or 32 weights.</summary>
    public Bytes16 Scales;

    /// <summary>Which levels of the type apply, one byte per point.</summary>
    public Bytes64 Lowered;

    /// <summary>Sets the points of a group.</summary>
    public void Put(GridCoding coding, int group, in GridCandidate candidate)
    {
        int first = group * coding.GroupCells;
        for (int i = 0; i < coding.GroupCells; i++)
        {
            Points[first + i] = candidate.Points[i];
            Lowered[first + i] = candidate.Lowered[i];
        }
    }

    /// <summary>An index for each point of a super-block.</summary>
    [InlineArray(64)]
    public struct PointIndexes
    {
        private ushort _first;
    }
}
