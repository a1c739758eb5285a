using System;
using System.Globalization;

namespace EdgeRuntime.Conversion;

/// <summary>What is done with the rows of a tensor.</summary>
internal enum RowChange
{
    None,

    /// <summary>The rows of the halves of each query head take turns, for the rotary embedding of neighbors.</summary>
    PermuteQuery,

    /// <summary>The same for key heads.</summary>
    PermuteKey,

    /// <summary>The same, for heads whose number differs by layer.</summary>
    PermuteHeads,

    /// <summary>The tensor holds several, one behind the other along the second dimension from the end.</summary>
    Split,

    /// <summary>The rows and columns of each matrix change places.</summary>
    Transpose,

    /// <summary>The rows and columns of each matrix change places, then the tensor is split.</summary>
    TransposeSplit,

    /// <summary>The matrix is the kernels of a convolution, with dimensions of 1 before the first and the last one.</summary>
    Convolution,

    /// <summary>The tensor holds several vectors for each expert; their elements take turns.</summary>
    Deal,

    /// <summary>The tensor holds several matrices for each expert; their columns take turns, and become rows.</summary>
    DealTransposed,

    /// <summary>The same for rows, and for one matrix; they are blocks of 4-bit floats, whose scales are in a tensor beside them.</summary>
    DealBlocks,

    /// <summary>
    /// The tensor holds the keys of a head that latents expand to, and then its values, one head behind the other. The matrices of the keys
    /// are transposed.
    /// </summary>
    SplitLatent,

    /// <summary>Dimensions of 1 between the first and the last one are dropped.</summary>
    Squeeze,

    /// <summary>The first rows, which stand for padding, are dropped.</summary>
    SkipPadding,

    /// <summary>Each number is a row.</summary>
    Column,

    /// <summary>Each number x becomes -exp(x): the rates of a state space, of which the file has the logarithms.</summary>
    NegateExponential,

    /// <summary>The same, and each number is a row.</summary>
    NegateExponentialColumn,

    /// <summary>The numbers of each group of a state space are a row.</summary>
    Group,

    /// <summary>The tensor is a matrix of the rows of all experts, one expert behind the other.</summary>
    SplitExperts,

    /// <summary>The same, and the rows and columns of each expert change places.</summary>
    TransposeExperts,

    /// <summary>Rows of zeros are added for the tokens that the vocabulary has beyond the rows.</summary>
    PadTokens,

    /// <summary>
    /// The value heads of a gated delta net are sorted by their index within their key head; see <see cref="DeltaNetChanges"/>.
    /// </summary>
    TileValueRows,

    /// <summary>The same for rows of which each value head has one.</summary>
    TileValueHeads,

    /// <summary>The same for a vector, with -exp(x) in place of each number x.</summary>
    TileValueRates,

    /// <summary>The same for columns.</summary>
    TileValueColumns,

    /// <summary>The queries, keys and values of a gated delta net are grouped by kind, and its gates are a tensor of their own.</summary>
    UngroupDeltaNet,

    /// <summary>The queries, keys and values of the heads are grouped by kind.</summary>
    GroupHeads,

    /// <summary>The tensor holds queries, keys and values, which become tensors as for <see cref="PermuteQuery"/>.</summary>
    SplitPermuted,

    /// <summary>The same, of a tensor that holds them by key head.</summary>
    SplitGroups,

    /// <summary>Each number becomes -1, 0 or 1 times the mean magnitude of the tensor.</summary>
    Ternary,
}

/// <summary>Names a tensor in both files.</summary>
/// <param name="From">
/// The name in Hugging Face's file without its ending. <c>*</c> stands for the number of the layer and <c>#</c> for that of the expert; the
/// experts of a layer become one tensor.
/// </param>
/// <param name="To">
/// The name in the GGUF file without its ending; several names divided by <c>|</c> for <see cref="RowChange.Split"/> and its kin. A name
/// with a dot at its end gets no ending, and an empty one stands for a tensor that the file leaves out.
/// </param>
/// <param name="Change">What is done with the rows.</param>
/// <param name="ExpertsPer">The number of experts of the model that share one of these experts.</param>
internal readonly record struct NameRule(string From, string To, RowChange Change = RowChange.None, int ExpertsPer = 1)
{
    /// <summary>Gets whether the rule is for the experts of a layer.</summary>
    public bool IsExpert => From.Contains('#', StringComparison.Ordinal);

    /// <summary>Matches a name without its ending.</summary>
    /// <param name="name">The name.</param>
    /// <param name="layer">The number of the layer, or -1.</param>
    /// <param name="expert">The number of the expert, or -1.</param>
    public bool Matches(ReadOnlySpan<char> name, out int layer, out int expert)
    {
        (layer, expert) = (-1, -1);
        ReadOnlySpan<char> pattern = From;
        while (true)
        {
            ReadOnlySpan<char> wanted = TakePart(ref pattern, out bool more);
            ReadOnlySpan<char> part = TakePart(ref name, out bool moreName);
            if (more != moreName)
            {
                return false;
            }

            if (wanted is "*" or "#")
            {
                if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                {
                    return false;
                }

                (layer, expert) = wanted is "*" ? (number, expert) : (layer, number);
            }
            else if (!part.SequenceEqual(wanted))
            {
                return false;
            }

            if (!more)
            {
                return true;
            }
        }
    }

    private static ReadOnlySpan<char> TakePart(ref ReadOnlySpan<char> text, out bool more)
    {
        int dot = text.IndexOf('.');
        more = dot >= 0;
        ReadOnlySpan<char> part = more ? text[..dot] : text;
        text = more ? text[(dot + 1)..] : [];
        return part;
    }
}
