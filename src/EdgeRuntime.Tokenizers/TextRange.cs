namespace EdgeRuntime;

/// <summary>A range of a text.</summary>
/// <param name="Start">The start index.</param>
/// <param name="End">The index after the last element.</param>
internal readonly record struct TextRange(int Start, int End);
