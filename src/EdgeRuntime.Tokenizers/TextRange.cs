namespace EdgeRuntime.Tokenizers;

/// <summary>A part of a text.</summary>
/// <param name="Start">The index where it begins.</param>
/// <param name="End">The index behind it.</param>
public readonly record struct TextRange(int Start, int End);
