using System;

namespace EdgeRuntime.Embeddings;

/// <summary>The token ids of a text, not more than the context has room for.</summary>
/// <param name="Tokens">One or more token ids.</param>
/// <param name="IsTruncated">Whether tokens were dropped.</param>
internal readonly record struct TextInput(ReadOnlyMemory<int> Tokens, bool IsTruncated)
{
    /// <summary>Creates the input of a text.</summary>
    /// <param name="tokens">The token ids.</param>
    /// <param name="index">The index of the text, for messages.</param>
    /// <param name="options">Says what happens to a text that is too long.</param>
    /// <param name="contextLength">The context length of the model.</param>
    /// <param name="keepsLast">Whether the last token stays the last one of a cut text.</param>
    /// <exception cref="ArgumentException">The text has no tokens, or more than the context.</exception>
    public static TextInput Create(int[] tokens, int index, TextPassOptions options, int contextLength, bool keepsLast)
    {
        int limit = options.ContextLength ?? contextLength;
        if (tokens.Length == 0)
        {
            throw new ArgumentException($"text {index} has no tokens; expected one or more");
        }

        if (tokens.Length <= limit)
        {
            return new TextInput(tokens, IsTruncated: false);
        }

        if (!options.Truncate)
        {
            throw new ArgumentException(
                $"text {index} has {tokens.Length} tokens, more than the context of {limit}; split the text, or allow truncation");
        }

        int last = tokens[^1];
        Memory<int> kept = tokens.AsMemory(0, limit);
        kept.Span[^1] = keepsLast ? last : kept.Span[^1];
        return new TextInput(kept, IsTruncated: true);
    }

    /// <summary>Gets whether the vocabulary ends every text with a token such as SEP.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    public static bool AddsEnd(Tokenizer tokenizer)
    {
        int[] empty = tokenizer.Encode("");
        return empty.Length > 0 && empty[^1] is int last && (empty.Length > 1 || last != tokenizer.BeginOfSequence)
            && tokenizer.IsControl(last);
    }
}
