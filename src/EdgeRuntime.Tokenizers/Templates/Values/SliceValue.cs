using System;

namespace EdgeRuntime.Templates.Values;

/// <summary>The <c>start:stop:step</c> of a subscript.</summary>
internal sealed class SliceValue(Value start, Value stop, Value step) : Value
{
    public override string TypeName => "slice";

    public override void WriteRepr(TextSink sink)
    {
        sink.Append("slice(");
        start.WriteRepr(sink);
        sink.Append(", ");
        stop.WriteRepr(sink);
        sink.Append(", ");
        step.WriteRepr(sink);
        sink.Append(")");
    }

    /// <summary>Resolves the slice for a sequence.</summary>
    /// <param name="length">The length of the sequence.</param>
    /// <returns>The first index, the number of elements and the step between them.</returns>
    public (int Start, int Count, int Step) Resolve(int length)
    {
        (long first, long last, Int128 distance) = Indices(length);
        Int128 count = distance > 0 ? (last - first + distance - 1) / distance : (first - last - distance - 1) / -distance;

        // A step longer than the sequence picks one element, so it can be clamped.
        return count > 0 ? ((int)first, (int)count, (int)Int128.Clamp(distance, -int.MaxValue, int.MaxValue)) : (0, 0, 1);
    }

    /// <summary>Python's <c>slice.indices(length)</c>.</summary>
    /// <param name="length">The length of the sequence.</param>
    /// <returns>The index of the first element, the index after the last one, and the step.</returns>
    public (long Start, long Stop, Int128 Step) Indices(int length)
    {
        long distance = Bound(step, 1, long.MinValue, long.MaxValue);
        if (distance == 0)
        {
            throw Errors.Value("slice step cannot be zero");
        }

        // Indices outside of the sequence are clamped. A backward slice ends before index 0, which is -1.
        bool forward = distance > 0;
        long low = forward ? 0 : -1;
        long high = forward ? length : length - 1;
        long first = Position(start, forward ? low : high, length, low, high);
        return (first, Position(stop, forward ? high : low, length, low, high), distance);
    }

    private static long Position(Value bound, long missing, int length, long low, long high)
    {
        long position = Bound(bound, missing, -(1L << 40), 1L << 40);
        if (bound is not NoneValue && position < 0)
        {
            position += length;
        }

        return Math.Clamp(position, low, high);
    }

    private static long Bound(Value bound, long missing, long low, long high)
    {
        if (bound is NoneValue)
        {
            return missing;
        }

        return Numbers.TryInteger(bound, out Int128 number)
            ? (long)Int128.Clamp(number, low, high)
            : throw Errors.Type("slice indices must be integers or None or have an __index__ method");
    }
}
