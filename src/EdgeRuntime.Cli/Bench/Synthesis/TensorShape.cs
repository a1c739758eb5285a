using System.Linq;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>A tensor of a model with random weights.</summary>
/// <param name="Name">The name in the file, within a layer without the layer.</param>
/// <param name="Dimensions">The elements of a row first.</param>
internal sealed record TensorShape(string Name, params long[] Dimensions)
{
    private const string End = ".weight";

    /// <summary>Gets the value of all elements, which are floats then; null for random elements.</summary>
    public float? Constant { get; init; }

    /// <summary>Gets whether the elements are floats in files of every type.</summary>
    public bool IsFloat { get; init; }

    /// <summary>Gets the number of elements of a row.</summary>
    public int Columns => checked((int)Dimensions[0]);

    /// <summary>Gets the number of rows of all dimensions together.</summary>
    public long Rows => Dimensions.Skip(1).Aggregate(1L, static (rows, size) => checked(rows * size));

    /// <summary>Creates a matrix of the type that the file's mix gives it.</summary>
    public static TensorShape OfMatrix(string name, long columns, long rows) => new(name + End, columns, rows);

    /// <summary>Creates such a matrix for each expert or head.</summary>
    public static TensorShape OfStack(string name, long columns, long rows, long count) => new(name + End, columns, rows, count);

    /// <summary>Creates a matrix of random floats, which llama.cpp's quantizer leaves as they are.</summary>
    public static TensorShape OfFloats(string name, params long[] dimensions) => new(name + End, dimensions) { IsFloat = true };

    /// <summary>Creates the weights of a norm, which change nothing.</summary>
    public static TensorShape OfNorm(string name, long width) => new(name + End, width) { Constant = 1 };
}
