using System;

namespace EdgeRuntime.Engine;

/// <summary>The output that a slice asks for.</summary>
public enum OutputKind
{
    /// <summary>Logits, [rows, vocabulary].</summary>
    Logits,

    /// <summary>Hidden states after the last norm, [rows, hidden size].</summary>
    Hidden,
}

/// <summary>New tokens of one sequence in a batch, and where the outputs of the last of them go.</summary>
/// <param name="State">The state of the sequence; its length is the position of the first token.</param>
/// <param name="Tokens">One or more token ids.</param>
/// <param name="OutputRows">The number of last tokens that get an output; 0 for none.</param>
/// <param name="Output">[OutputRows, vocabulary or hidden size]; may be longer.</param>
/// <param name="Kind">The kind of output.</param>
public readonly record struct BatchSlice(
    IEngineState State, ReadOnlyMemory<int> Tokens, int OutputRows, Memory<float> Output, OutputKind Kind = OutputKind.Logits);
