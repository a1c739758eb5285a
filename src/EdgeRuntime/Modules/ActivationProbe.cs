using System;
using System.Globalization;
using System.Numerics.Tensors;
using System.Threading;

namespace EdgeRuntime.Modules;

/// <summary>
/// Looks at the activations of a pass that is repeated because its result was not finite, and remembers the first place with a bad one.
/// </summary>
/// <param name="pass">The pass that is repeated.</param>
internal sealed unsafe class ActivationProbe(Pass pass)
{
    private const string LayerPrefix = "blk.";

    private readonly Lock _finding = new();
    private int _row;

    /// <summary>Where it began, in words; null as long as all was well.</summary>
    public string? Place { get; private set; }

    /// <summary>The layer, or null outside of all layers.</summary>
    public int? Layer { get; private set; }

    /// <summary>Position in its sequence.</summary>
    public int Position => pass.Position(_row);

    /// <summary>The token there.</summary>
    public int Token => pass.Token(_row);

    /// <summary>The number that was found.</summary>
    public float Value { get; private set; }

    /// <summary>
    /// Whether all are finite and so is the sum of their squares: a norm turns a row whose squares overflow into zeros, and a cache of
    /// 16-bit
    /// numbers stores infinities as its largest number, so that either would go on as if it were a number.
    /// </summary>
    public static bool IsSound(ReadOnlySpan<float> row) => float.IsFinite(TensorPrimitives.SumOfSquares(row));

    /// <summary>Looks at rows of the whole batch, unless something was found before.</summary>
    /// <param name="prefix">Start of the tensor names of the layer (<c>blk.3</c>), or null outside of all layers.</param>
    /// <param name="what">Where they come from, in words.</param>
    /// <param name="x">[rows, width].</param>
    /// <param name="width">Elements of a row.</param>
    public void Look(string? prefix, string what, float* x, int width)
    {
        for (int row = 0; row < pass.Rows && Place is null; row++)
        {
            LookAtRow(prefix, what, row, new ReadOnlySpan<float>(x + ((long)row * width), width));
        }
    }

    /// <summary>Looks at one row; of several threads that find something in one step, the one with the first row is believed.</summary>
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
        prefix is not null && int.TryParse(prefix.AsSpan(LayerPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : null;

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
