using System;
using System.Globalization;
using System.Numerics.Tensors;
using System.Threading;

namespace EdgeRuntime.Modules;

/// <summary>
/// Checks the activations of a pass that is repeated because its result was not finite, and records the first place with a bad value.
/// </summary>
/// <param name="pass">The repeated pass.</param>
internal sealed unsafe class ActivationProbe(Pass pass)
{
    private const string LayerPrefix = "blk.";

    private readonly Lock _finding = new();
    private int _row;

    /// <summary>Gets the first bad place in words; null if there is none so far.</summary>
    public string? Place { get; private set; }

    /// <summary>Gets the layer of that place, or null outside of all layers.</summary>
    public int? Layer { get; private set; }

    /// <summary>Gets the position of that place in its sequence.</summary>
    public int Position => pass.Position(_row);

    /// <summary>Gets the token at that position.</summary>
    public int Token => pass.Token(_row);

    /// <summary>Gets the bad value.</summary>
    public float Value { get; private set; }

    /// <summary>
    /// Gets whether all values and the sum of their squares are finite. Otherwise a norm would turn a row whose squares overflow into
    /// zeros, or a 16-bit cache would store an infinity as its largest number, and the pass would continue with finite numbers.
    /// </summary>
    public static bool IsSound(ReadOnlySpan<float> row) => float.IsFinite(TensorPrimitives.SumOfSquares(row));

    /// <summary>Checks the rows of the whole batch, unless a bad value was found before.</summary>
    /// <param name="prefix">The prefix of the layer's tensor names (<c>blk.3</c>), or null outside of all layers.</param>
    /// <param name="what">The origin of the rows, in words.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="width">The number of elements per row.</param>
    public void Look(string? prefix, string what, float* x, int width)
    {
        for (int row = 0; row < pass.Rows && Place is null; row++)
        {
            LookAtRow(prefix, what, row, new ReadOnlySpan<float>(x + ((long)row * width), width));
        }
    }

    /// <summary>Checks one row. If several threads find bad values in the same step, the first row is recorded.</summary>
    public void LookAtRow(string? prefix, string what, int row, ReadOnlySpan<float> values)
    {
        if (IsSound(values))
        {
            return;
        }

        lock (_finding)
        {
            string place = prefix is null ? what : $"layer {NumberOf(prefix)} ({prefix}), {what}";
            if (Place is null || (Place == place && row < _row))
            {
                Place = place;
                Layer = NumberOf(prefix);
                Value = Worst(values);
                _row = row;
            }
        }
    }

    private static int? NumberOf(string? prefix) =>
        prefix is not null
            && int.TryParse(prefix.AsSpan(LayerPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            ? layer : null;

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
