using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microsoft.ML.Tokenizers;
using MLToken = Microsoft.ML.Tokenizers.EncodedToken;
using MLTokenizer = Microsoft.ML.Tokenizers.Tokenizer;

namespace EdgeRuntime.ML.Tokenizers;

/// <summary>
/// Makes the tokenizer of a model a <see cref="MLTokenizer"/>, for text chunkers and token counters of the .NET world. Immutable and
/// thread-safe.
/// </summary>
/// <remarks>
/// Offsets refer to the given text: there is no separate normalized text, and the arguments about normalization and pre-tokenization have
/// no effect, because both are parts of the vocabulary. Where a number of tokens is a limit, a text is never divided inside a character.
/// </remarks>
/// <example>
/// <code>
/// string text = "Once upon a time, a text was too long for a model.";
/// var tokenizer = new ModelTokenizer(model.Tokenizer);
/// int end = tokenizer.GetIndexByTokenCount(text, 512, out _, out int count);
/// string chunk = text[..end];
/// </code>
/// </example>
public sealed class ModelTokenizer : MLTokenizer
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _addSpecial;
    private readonly bool _parseSpecial;

    /// <param name="tokenizer">The tokenizer of the model.</param>
    /// <param name="addSpecial">Whether encoding adds BOS (and EOS) if the vocabulary specifies it. The default is false.</param>
    /// <param name="parseSpecial">
    /// Whether control tokens that are spelled out in a text become their ids. By default they are plain text.
    /// </param>
    public ModelTokenizer(Tokenizer tokenizer, bool addSpecial = false, bool parseSpecial = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _addSpecial = addSpecial;
        _parseSpecial = parseSpecial;
    }

    /// <inheritdoc/>
    protected override EncodeResults<MLToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        string given = text ?? textSpan.ToString();
        IReadOnlyList<EncodedToken> tokens = Encode(given);
        int count = CountFirst(tokens, settings.MaxTokenCount);
        return new EncodeResults<MLToken>
        {
            Tokens =
            [
                .. tokens.Take(count).Select(token => new MLToken(
                    token.Id, Encoding.UTF8.GetString(_tokenizer.GetPieceBytes(token.Id, special: true)), token.Range)),
            ],
            CharsConsumed = GetEnd(tokens, count, given),
        };
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        string given = text ?? textSpan.ToString();
        if (settings.MaxTokenCount == int.MaxValue)
        {
            return new EncodeResults<int> { Tokens = _tokenizer.Encode(given, _addSpecial, _parseSpecial), CharsConsumed = given.Length };
        }

        IReadOnlyList<EncodedToken> tokens = Encode(given);
        int count = CountFirst(tokens, settings.MaxTokenCount);
        return new EncodeResults<int>
        {
            Tokens = [.. tokens.Take(count).Select(token => token.Id)],
            CharsConsumed = GetEnd(tokens, count, given),
        };
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        settings.MaxTokenCount == int.MaxValue
            ? _tokenizer.CountTokens(text is null ? textSpan : text, _addSpecial, _parseSpecial)
            : CountFirst(Encode(text ?? textSpan.ToString()), settings.MaxTokenCount);

    /// <inheritdoc/>
    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedText, out int tokenCount)
    {
        string given = text ?? textSpan.ToString();
        IReadOnlyList<EncodedToken> tokens = Encode(given);
        normalizedText = null;
        if (!fromEnd)
        {
            tokenCount = CountFirst(tokens, settings.MaxTokenCount);
            return GetEnd(tokens, tokenCount, given);
        }

        int first = Math.Max(0, tokens.Count - settings.MaxTokenCount);
        while (first < tokens.Count && !IsBorder(tokens, first))
        {
            first++;
        }

        tokenCount = tokens.Count - first;
        return first == 0 ? 0 : first == tokens.Count ? given.Length : tokens[first].Range.Start.Value;
    }

    /// <inheritdoc/>
    /// <remarks>Control tokens have no text.</remarks>
    public override string Decode(IEnumerable<int> ids) => _tokenizer.Decode([.. ids]);

    /// <inheritdoc/>
    /// <remarks>Control tokens have no text. If the destination is too small, it gets the text of whole tokens and characters.</remarks>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        int[] all = [.. ids];
        (idsConsumed, charsWritten) = (0, 0);
        if (Array.Exists(all, id => (uint)id >= (uint)_tokenizer.VocabularySize))
        {
            return OperationStatus.InvalidData;
        }

        if (_tokenizer.TryDecode(all, destination, out charsWritten))
        {
            idsConsumed = all.Length;
            return OperationStatus.Done;
        }

        idsConsumed = FindLongestFit(all, destination.Length, out string text);
        text.CopyTo(destination);
        charsWritten = text.Length;
        return OperationStatus.DestinationTooSmall;
    }

    private IReadOnlyList<EncodedToken> Encode(string text) => _tokenizer.EncodeWithOffsets(text, _addSpecial, _parseSpecial);

    /// <summary>Gets the number of first tokens within a limit that end between two characters.</summary>
    private static int CountFirst(IReadOnlyList<EncodedToken> tokens, int limit)
    {
        int count = Math.Min(tokens.Count, limit);
        while (count > 0 && count < tokens.Count && !IsBorder(tokens, count))
        {
            count--;
        }

        return count;
    }

    /// <summary>Gets whether a token begins where the previous one ends. The tokens of one character overlap.</summary>
    private static bool IsBorder(IReadOnlyList<EncodedToken> tokens, int index) =>
        index == 0 || tokens[index - 1].Range.End.Value <= tokens[index].Range.Start.Value;

    private static int GetEnd(IReadOnlyList<EncodedToken> tokens, int count, string text) =>
        count == tokens.Count ? text.Length : count == 0 ? 0 : tokens[count - 1].Range.End.Value;

    private int FindLongestFit(int[] ids, int limit, out string text)
    {
        TokenStreamDecoder decoder = _tokenizer.CreateStreamDecoder();
        var written = new StringBuilder();
        byte[] bytes = [];
        (int consumed, int length) = (0, 0);
        for (int i = 0; i < ids.Length; i++)
        {
            written.Append(decoder.Append(ids[i]));
            if (written.Length > limit)
            {
                break;
            }

            // The bytes of a character that is not complete yet are in the following tokens.
            bytes = [.. bytes.TakeLast(3), .. _tokenizer.GetPieceBytes(ids[i])];
            if (Rune.DecodeLastFromUtf8(bytes, out _, out _) != OperationStatus.NeedMoreData || bytes.Length == 0)
            {
                (consumed, length) = (i + 1, written.Length);
            }
        }

        text = written.ToString(0, length);
        return consumed;
    }
}
