namespace EdgeRuntime;

/// <summary>The defaults of a kind of vocabulary, for properties that the file does not specify.</summary>
/// <param name="BeginOfSequence">The BOS token id, or null for none.</param>
/// <param name="EndOfSequence">The EOS token id, or null for none.</param>
/// <param name="Unknown">The id of the unknown token, or null for none.</param>
/// <param name="Separator">The id of the separator, or null for none.</param>
/// <param name="AddsBegin">Whether BOS is added.</param>
/// <param name="ForcesBegin">Whether BOS is added even if the file says no.</param>
/// <param name="AddsEnd">Whether the last token is added.</param>
/// <param name="EndsWithSeparator">Whether the last token is the separator instead of EOS.</param>
/// <param name="ReadsFlags">Whether the file decides what is added.</param>
/// <param name="FindsPieces">Whether the tokenizer uses <see cref="Vocabulary.Pieces"/>.</param>
internal sealed record VocabularyDefaults(
    int? BeginOfSequence = null,
    int? EndOfSequence = null,
    int? Unknown = null,
    int? Separator = null,
    bool AddsBegin = false,
    bool ForcesBegin = false,
    bool AddsEnd = false,
    bool EndsWithSeparator = false,
    bool ReadsFlags = true,
    bool FindsPieces = true);
