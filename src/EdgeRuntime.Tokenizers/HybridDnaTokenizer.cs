using System;

namespace EdgeRuntime;

/// <summary>
/// A BPE tokenizer that encodes DNA, the text between <c>&lt;dna&gt;</c> and <c>&lt;/dna&gt;</c>, in groups of six bases. An incomplete
/// group is filled with A. A group that is not a token is the token <c>&lt;oov&gt;</c>.
/// </summary>
internal sealed class HybridDnaTokenizer : BytePairTokenizer
{
    private const int GroupLength = 6;

    private readonly PieceTrie _groups;
    private readonly int _open = -1;
    private readonly int _close = -1;
    private readonly int _unknown = -1;

    public HybridDnaTokenizer(VocabularyData data)
        : base(data, PreTokenizers.Find(data.PreTokenizer))
    {
        var groups = new PieceTrieBuilder();
        for (int token = 0; token < data.Tokens.Count; token++)
        {
            ReadOnlySpan<byte> text = data.Tokens[token];
            if (text.EndsWith(GroupMark))
            {
                groups.Add(text[..^GroupMark.Length], token);
            }

            _open = text.SequenceEqual(Open) ? token : _open;
            _close = text.SequenceEqual(Close) ? token : _close;
            _unknown = text.SequenceEqual("<oov>"u8) ? token : _unknown;
        }

        _groups = groups.Build();
    }

    private static ReadOnlySpan<byte> Open => "<dna>"u8;

    private static ReadOnlySpan<byte> Close => "</dna>"u8;

    /// <summary>Gets the end of the texts of groups in the vocabulary, U+E000. Tokens of ordinary text may have the same letters.</summary>
    private static ReadOnlySpan<byte> GroupMark => "\uE000"u8;

    public override ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false)
    {
        ReadOnlySpan<byte> bytes = base.GetPieceBytes(token, special);
        bool isGroup = token > _unknown && bytes.Length > GroupMark.Length && bytes.EndsWith(GroupMark);
        return isGroup ? bytes[..^GroupMark.Length] : bytes;
    }

    protected override void EncodeText(ReadOnlySpan<byte> text, bool afterSpecial, EncodingScratch scratch)
    {
        if (_open < 0 || _close < 0 || _unknown < 0)
        {
            base.EncodeText(text, afterSpecial, scratch);
            return;
        }

        for (int start = 0; start < text.Length;)
        {
            int open = text[start..].IndexOf(Open);
            int end = open < 0 ? text.Length : start + open;
            EncodeOrdinary(text[start..end], start, afterSpecial, scratch);
            start = end;
            if (open >= 0)
            {
                start += Open.Length;
                scratch.Add(_open, start);
                start = EncodeDna(text, start, scratch);
            }
        }
    }

    private void EncodeOrdinary(ReadOnlySpan<byte> text, int origin, bool afterSpecial, EncodingScratch scratch)
    {
        int before = scratch.Ids.Length;
        base.EncodeText(text, afterSpecial, scratch);
        foreach (ref int end in scratch.Ends[before..])
        {
            end += origin;
        }
    }

    /// <summary>Encodes bases and the mark behind them.</summary>
    /// <returns>The index behind the mark.</returns>
    private int EncodeDna(ReadOnlySpan<byte> text, int start, EncodingScratch scratch)
    {
        int close = text[start..].IndexOf(Close);
        int end = close < 0 ? text.Length : start + close;
        Span<byte> group = stackalloc byte[GroupLength];
        while (start < end)
        {
            ReadOnlySpan<byte> bases = text[start..Math.Min(start + GroupLength, end)];
            group.Fill((byte)'A');
            for (int i = 0; i < bases.Length; i++)
            {
                group[i] = bases[i] is >= (byte)'a' and <= (byte)'z' ? (byte)(bases[i] - 'a' + 'A') : bases[i];
            }

            start += bases.Length;
            int token = _groups.Find(group).Id;
            scratch.Add(token >= 0 ? token : _unknown, start);
        }

        if (close >= 0)
        {
            start += Close.Length;
            scratch.Add(_close, start);
        }

        return start;
    }
}
