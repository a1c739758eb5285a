using System;
using System.Collections.Generic;

namespace EdgeRuntime.Generation;

/// <summary>
/// Represents a tokenizer of an unsupported kind. The model runs on token ids, and every method that needs the vocabulary throws
/// <see cref="UnsupportedModelException"/>.
/// </summary>
/// <param name="vocabularySize">The number of logits of the model.</param>
/// <param name="problem">The reason why there is no tokenizer, and the supported kinds.</param>
internal sealed class MissingTokenizer(int vocabularySize, string problem) : Tokenizer
{
    /// <inheritdoc/>
    public override int VocabularySize => vocabularySize;

    /// <inheritdoc/>
    public override int? BeginOfSequence => null;

    /// <inheritdoc/>
    public override int? EndOfSequence => null;

    /// <inheritdoc/>
    public override bool IsEndOfGeneration(int token) => throw Unsupported();

    /// <inheritdoc/>
    public override bool IsControl(int token) => throw Unsupported();

    /// <inheritdoc/>
    public override int[] Encode(PromptText text, bool addSpecial = true) => throw Unsupported();

    /// <inheritdoc/>
    public override IReadOnlyList<EncodedToken> EncodeWithOffsets(PromptText text, bool addSpecial = true) => throw Unsupported();

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> GetPieceBytes(int token, bool special = false) => throw Unsupported();

    /// <inheritdoc/>
    public override string Decode(ReadOnlySpan<int> tokens, bool special = false) => throw Unsupported();

    /// <inheritdoc/>
    public override TokenStreamDecoder CreateStreamDecoder(bool continuesText = false) => throw Unsupported();

    private UnsupportedModelException Unsupported() => new(problem);
}
