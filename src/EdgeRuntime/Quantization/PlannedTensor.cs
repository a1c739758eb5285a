using System;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Describes what becomes of a tensor.</summary>
public sealed class PlannedTensor
{
    internal PlannedTensor(GgufTensor source, TypeChoice choice, bool requiresImportance)
    {
        Source = source;
        NewType = choice.Type;
        WantedType = choice.Wanted;
        RequiresImportance = requiresImportance;
        NewBytes = NewType == source.Type
            ? source.ByteLength
            : checked(source.Columns / NewType.GetBlockElements() * NewType.GetBlockBytes() * source.Rows);
    }

    /// <summary>Gets the name.</summary>
    public string Name => Source.Name;

    /// <summary>Gets the dimensions, innermost first, without those of size 1 at the end.</summary>
    public ReadOnlySpan<long> Dimensions => Source.UsedDimensions;

    /// <summary>Gets the type in the source.</summary>
    public TensorType OldType => Source.Type;

    /// <summary>Gets the type in the new file.</summary>
    public TensorType NewType { get; }

    /// <summary>
    /// Gets the type that the tensor would have if its rows were whole blocks; equal to <see cref="NewType"/> unless it falls back.
    /// </summary>
    public TensorType WantedType { get; }

    /// <summary>Gets whether the rows are not whole blocks of the wanted type, so that another type replaces it.</summary>
    public bool FallsBack => NewType != WantedType;

    /// <summary>Gets whether the tensor needs an importance matrix to be of use in its new type.</summary>
    public bool RequiresImportance { get; }

    /// <summary>Gets the number of bytes in the source.</summary>
    public long OldBytes => Source.ByteLength;

    /// <summary>Gets the number of bytes in the new file.</summary>
    public long NewBytes { get; }

    /// <summary>Gets whether the tensor is copied byte for byte.</summary>
    public bool IsCopied => NewType == OldType;

    internal GgufTensor Source { get; }
}
