namespace EdgeRuntime.Tokenizers;

/// <summary>What holds for a kind of vocabulary where the file is silent.</summary>
/// <param name="BeginOfSequence">BOS id, or null for none.</param>
/// <param name="EndOfSequence">EOS id, or null for none.</param>
/// <param name="Unknown">Id for what can't be written, or null for none.</param>
/// <param name="AddsBegin">Whether BOS is added.</param>
/// <param name="ForcesBegin">Whether BOS is added even where the file says no.</param>
internal sealed record VocabularyDefaults(
    int? BeginOfSequence = null, int? EndOfSequence = null, int? Unknown = null, bool AddsBegin = false, bool ForcesBegin = false);
