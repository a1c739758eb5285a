using System;
using System.Numerics.Tensors;

namespace EdgeRuntime.Transformers;

/// <summary>
/// Looks at the activations of a pass that is repeated because its result was not finite, and remembers the first place with a bad one. For
/// one thread.
/// </summary>
internal sealed unsafe class ActivationProbe
{
    private int _firstPosition;

    /// <summary>Where it began, in words; null as long as all was well.</summary>
    public string? Place { get; private set; }

    /// <summary>The layer, or null outside of all layers.</summary>
    public int? Layer { get; private set; }

    /// <summary>Position of the sequence.</summary>
    public int Position { get; private set; }

    /// <summary>The number that was found.</summary>
    public float Value { get; private set; }

    /// <summary>
    /// Whether all are finite and so is the sum of their squares: a norm turns a row whose squares overflow into zeros, and a cache of
    /// 16-bit numbers stores infinities as its largest number, so that either would go on as if it were a number.
    /// </summary>
    public static bool IsSound(ReadOnlySpan<float> row) => float.IsFinite(TensorPrimitives.SumOfSquares(row));

    /// <summary>Says at which position the next batch begins.</summary>
    public void BeginBatch(int firstPosition) => _firstPosition = firstPosition;

    /// <summary>Looks at some rows, unless something was found before.</summary>
    /// <param name="stage">Where they come from, in words.</param>
    /// <param name="layer">The layer, or null.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="firstRow">The batch's row that the first one belongs to.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Elements of a row.</param>
    public void Look(string stage, int? layer, float* x, int firstRow, int rows, int width)
    {
        for (int row = 0; row < rows && Place is null; row++)
        {
            var values = new ReadOnlySpan<float>(x + ((long)row * width), width);
            if (!IsSound(values))
            {
                Place = layer is { } number ? FormattableString.Invariant($"layer {number} (blk.{number}), {stage}") : stage;
                Layer = layer;
                Position = _firstPosition + firstRow + row;
                Value = Worst(values);
            }
        }
    }

    private static float Worst(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                return value;
            }
        }

        return values[TensorPrimitives.IndexOfMaxMagnitude(values)];
    }
}
