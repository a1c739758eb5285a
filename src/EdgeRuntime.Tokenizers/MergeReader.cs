using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>
/// Reads a list of merges. Files list merges in the order of the tokens that they make, so the token of a merge is nearly always that of
/// the merge before, or the next one, which comparing their texts confirms. The comparison needs no finished vocabulary: a thread of its
/// own reads ahead while the vocabulary is made. For one caller.
/// </summary>
internal sealed class MergeReader
{
    // Reading fewer merges takes less time than starting a thread.
    private const int LeastMergesAhead = 1 << 14;

    private readonly GgufStrings _tokens;
    private readonly GgufStringSequence _merges;
    private readonly bool _isByteLevel;
    private readonly Task? _ahead;
    private MergeTable _table = null!;
    private GgufStringSequence.Enumerator _next = null!;
    private bool _hasNext;
    private int _rank; // of the next merge
    private int _merged; // by the merge before: a piece, or -1

    /// <summary>Starts reading.</summary>
    /// <param name="tokens">The texts of the tokens.</param>
    /// <param name="merges">The merges.</param>
    /// <param name="spelling">The spelling of both.</param>
    public MergeReader(GgufStrings tokens, GgufStringSequence merges, PieceSpelling spelling)
    {
        _tokens = tokens;
        _merges = merges;
        _isByteLevel = spelling == PieceSpelling.ByteLevel;
        if (merges.Count >= LeastMergesAhead)
        {
            _ahead = Task.Factory.StartNew(
                ReadAhead, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>Reads all merges. Pieces that are not tokens get ids after those of the tokens.</summary>
    /// <param name="vocabulary">The vocabulary of the tokens.</param>
    /// <exception cref="VocabularyException">A merge does not have two parts.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read.</exception>
    public MergeTable Read(Vocabulary vocabulary)
    {
        _ahead?.GetAwaiter().GetResult();
        if (_ahead is null || !AreFound(vocabulary))
        {
            Begin();
        }

        while (true)
        {
            ReadMatching(vocabulary);
            if (!_hasNext)
            {
                return _table;
            }

            if (TryFindMerged(vocabulary, out int left))
            {
                _table.Add(_rank, _merged, left);
            }

            MoveNext();
        }
    }

    private void Begin()
    {
        _table = new MergeTable(_tokens.Count, _merges.Count);
        _next = _merges.GetEnumerator();
        _hasNext = _next.MoveNext();
        _rank = 0;
        _merged = -1;
    }

    private void MoveNext()
    {
        _hasNext = _next.MoveNext();
        _rank++;
    }

    /// <summary>Reads the merges up to the first one whose token has to be looked up.</summary>
    private void ReadAhead()
    {
        Begin();
        int token = 0;
        while (token < _tokens.Count && !IsMadeBy(token, out _))
        {
            token++;
        }

        _merged = token - 1;
        ReadMatching(vocabulary: null);
    }

    /// <summary>Gets whether the vocabulary finds the tokens of the merges that were read ahead by their bytes.</summary>
    private bool AreFound(Vocabulary vocabulary)
    {
        for (int token = 0; token < _tokens.Count; token++)
        {
            if (_table.HasMerges(token) && !vocabulary.IsFound(token))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads merges as long as they make the token of the merge before or the next token.</summary>
    /// <param name="vocabulary">Says which tokens are found; null for all of them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadMatching(Vocabulary? vocabulary)
    {
        while (_hasNext)
        {
            if (!IsMadeBy(_merged, out int left))
            {
                if (!IsMadeBy(_merged + 1, out left))
                {
                    return;
                }

                _merged++;
            }

            if (vocabulary is not null && !vocabulary.IsFound(_merged))
            {
                return;
            }

            _table.Add(_rank, _merged, left);
            MoveNext();
        }
    }

    /// <summary>Gets whether the next merge makes a token: the text of the token is that of the two parts.</summary>
    /// <param name="token">Any number.</param>
    /// <param name="left">The number of bytes of the left part in a text.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsMadeBy(int token, out int left)
    {
        left = 0;
        ReadOnlySpan<byte> merge = _next.Current;
        if ((uint)token >= (uint)_tokens.Count || merge.Length < 3)
        {
            return false;
        }

        ReadOnlySpan<byte> text = _tokens[token];
        if (text.Length != merge.Length - 1 || text[^1] != merge[^1])
        {
            return false;
        }

        int space = 1 + merge[1..].IndexOf((byte)' ');
        if (space == 0 || space == text.Length || !text[..space].SequenceEqual(merge[..space])
            || !text[space..].SequenceEqual(merge[(space + 1)..]))
        {
            return false;
        }

        if (!_isByteLevel)
        {
            left = space;
            return true;
        }

        foreach (byte value in text[..space])
        {
            left += Utf8.IsContinuation(value) ? 0 : 1;
        }

        return !Utf8.IsContinuation(text[space]); // else the merge divides a letter of the alphabet
    }

    /// <summary>Finds the piece that the next merge makes, <see cref="_merged"/>.</summary>
    /// <param name="vocabulary">The vocabulary, which gets the piece if it is not a token.</param>
    /// <param name="left">The number of bytes of the left part.</param>
    /// <returns>False if a part is not in the alphabet of the vocabulary.</returns>
    /// <exception cref="VocabularyException">The merge does not have two parts.</exception>
    private bool TryFindMerged(Vocabulary vocabulary, out int left)
    {
        ReadOnlySpan<byte> merge = _next.Current;
        int space = merge.Length < 2 ? 0 : 1 + merge[1..].IndexOf((byte)' ');
        if (space == 0 || space == merge.Length - 1)
        {
            throw new VocabularyException("merges", $"{Vocabulary.Quote(merge)} as entry {_rank}", "two pieces with a space between");
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(merge.Length);
        bool isSpelled = TrySpell(merge[..space], bytes, out left) & TrySpell(merge[(space + 1)..], bytes.AsSpan(left), out int right);
        _merged = isSpelled ? vocabulary.Pieces.FindOrAdd(bytes.AsSpan(0, left + right)) : -1;
        ArrayPool<byte>.Shared.Return(bytes);
        return isSpelled;
    }

    private bool TrySpell(ReadOnlySpan<byte> text, Span<byte> bytes, out int length)
    {
        if (_isByteLevel)
        {
            return ByteAlphabet.TryDecode(text, bytes, out length);
        }

        text.CopyTo(bytes);
        length = text.Length;
        return true;
    }
}
