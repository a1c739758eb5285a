using EdgeRuntime.Formats;

namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// One kind of scales: its bytes in a strip of a packed panel (<see cref="PackedLayout"/>), how they are packed, what they mean, and how
/// vectors of them are loaded. All is in one type; <see cref="PackedLayouts"/> lists the kinds by using them.
/// </summary>
internal unsafe interface IPanelScales
{
    static abstract ScaleKind Kind { get; }

    /// <summary>Scales of a block of 32 columns: 1, or 2 where 16 have one of their own.</summary>
    static virtual int Scales => 1;

    /// <summary>Minima of a block: 0, 1, or 2.</summary>
    static virtual int Mins => 0;

    /// <summary>Whether a strip is one super-block, so that only whole ones exist.</summary>
    static virtual bool IsSuperBlock => true;

    /// <summary>Bytes of the scales of a strip with that many blocks of 32 columns.</summary>
    static abstract int Bytes(int blocks);

    /// <summary>Whether all scales of a format's block are finite.</summary>
    static virtual bool AreFinite(in BlockScales scales) => HalfBits.IsFinite(scales.D) && HalfBits.IsFinite(scales.Min);

    /// <summary>Writes the scales of a row of a format's block.</summary>
    /// <param name="scales">The scales.</param>
    /// <param name="strip">The strip.</param>
    /// <param name="b">The first block of 32 columns in the strip that they belong to.</param>
    /// <param name="r">The row.</param>
    static abstract void Pack(in BlockScales scales, byte* strip, int b, int r);

    /// <summary>The definition: row r's scale of block b of a strip, of its half h where a block has two.</summary>
    static abstract float Scale(byte* strip, int b, int h, int r, float unit);

    /// <summary>
    /// The definition: row r's minimum of block b, as it is added; the factor of <see cref="MinPair"/> where there are two.
    /// </summary>
    static virtual float Min(byte* strip, int b, int r) => 0;

    /// <summary>The definition: two minima of a block's halves as int16, the first below.</summary>
    static virtual int MinPair(byte* strip, int b, int r) => 0;

    /// <summary>The definition: a bit for each eight columns that are shifted.</summary>
    static virtual int ShiftBits(byte* strip, int b, int r) => 0;

    /// <summary>What is computed once for a strip.</summary>
    /// <param name="strip">The strip.</param>
    /// <param name="row">First row of the vector.</param>
    /// <param name="unit"><see cref="IQuantCode.Unit"/>.</param>
    static abstract StripScales<TVector> Begin<TIsa, TVector>(byte* strip, int row, float unit)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct;

    /// <summary>float: the scale of block b, of its half h where a block has two.</summary>
    static abstract TVector Scale<TIsa, TVector>(in StripScales<TVector> scales, nint b, int h)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct;

    /// <summary>float: the minimum of block b, as it is added.</summary>
    static virtual TVector Min<TIsa, TVector>(in StripScales<TVector> scales, nint b)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => default;

    /// <summary>int16 pairs: the minima of a block's halves.</summary>
    static virtual TVector MinPairs<TIsa, TVector>(in StripScales<TVector> scales, nint b)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => default;

    /// <summary>Bytes: a bit for each eight columns that are shifted, in all bytes of a row.</summary>
    static virtual TVector Shifts<TIsa, TVector>(byte* strip, int row, nint b)
        where TIsa : struct, IPanelIsa<TVector>
        where TVector : struct => default;

    /// <summary>Whether <see cref="WriteScale"/> and <see cref="WriteMin"/> exist.</summary>
    static virtual bool IsEmitted => false;

    /// <summary>Bytes of the scales that stand for a whole strip, which come first.</summary>
    static virtual int StripBytes => 0;

    /// <summary>Bytes from the scales of a block to those of the next.</summary>
    static virtual int BlockBytes => 0;

    /// <summary>Writes code for <see cref="Scale{TIsa,TVector}"/>.</summary>
    static virtual void WriteScale(IScaleCode code, int h)
    {
    }

    /// <summary>Writes code for <see cref="Min{TIsa,TVector}"/>.</summary>
    static virtual void WriteMin(IScaleCode code)
    {
    }
}

/// <summary>What a kind of scales computes once for a strip.</summary>
/// <param name="d">The scale of the strip, or what comes of it.</param>
/// <param name="min">The minimum of the strip, or another form of the scale.</param>
/// <param name="place">Where the scales of the vector's first row lie.</param>
/// <typeparam name="TVector">The vector.</typeparam>
internal readonly unsafe struct StripScales<TVector>(TVector d, TVector min, byte* place)
    where TVector : struct
{
    public readonly TVector D = d;
    public readonly TVector Min = min;
    public readonly byte* Place = place;
}

/// <summary>
/// Words that write code which loads scales: places are bytes from the block's scales, the result replaces what was loaded before.
/// </summary>
internal interface IScaleCode
{
    /// <summary>float: float16.</summary>
    void LoadHalves(int place);

    /// <summary>int32: unsigned bytes.</summary>
    void LoadBytes(int place);

    /// <summary>int32: signed bytes.</summary>
    void LoadSignedBytes(int place);

    /// <summary>float: the int32 times the float16 at a place of the strip.</summary>
    void MultiplyByStrip(int place);

    /// <summary>float: the opposite.</summary>
    void Negate();
}
