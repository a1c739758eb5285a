using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Weights;

/// <summary>
/// The metadata of a model's file, and its tensors, checked against the shapes that the metadata implies. Records which tensors were
/// requested, so that a tensor that nothing reads is found. A view; for one caller at a time.
/// </summary>
internal sealed class ModelSource
{
    private readonly GgufFile _file;
    private readonly HashSet<string> _bound = new(StringComparer.Ordinal);

    public ModelSource(GgufFile file)
    {
        _file = file;
        HasValues = file.Files.All(static part => !part.IsStart);
    }

    public string Path => _file.Path;

    public GgufMetadata Metadata => _file.Metadata;

    /// <summary>Gets whether the values of the tensors are here, and not only the headers of the files.</summary>
    public bool HasValues { get; }

    /// <summary>
    /// Gets or sets a predicate for the names of tensors that the architecture deliberately does not run: they count as absent.
    /// </summary>
    public Predicate<string> IsNotRun { get; set; } = static _ => false;

    /// <summary>Gets or sets the function that gives the tensor which a caller gets for a name, where layers share their weights.</summary>
    public Func<string, string> TensorOf { get; set; } = static name => name;

    /// <summary>Gets the number of tensors in the file.</summary>
    public int TensorCount => _file.Tensors.Count;

    /// <summary>Gets the names of the tensors that nothing has requested, in the order of the file.</summary>
    public IEnumerable<string> UnboundTensors => _file.Tensors.Select(static tensor => tensor.Name).Where(name => !_bound.Contains(name));

    /// <summary>Gets whether the file has a tensor of that name. This is not a request for it.</summary>
    public bool Has(string name) => !IsNotRun(name) && _file.FindTensor(TensorOf(name)) is not null;

    /// <summary>Records a tensor as requested without reading it.</summary>
    public void Ignore(string name) => _bound.Add(name);

    /// <summary>Gets a matrix; refuses another shape or a type without kernels.</summary>
    /// <param name="name">The tensor name.</param>
    /// <param name="rows">Output features, of all matrices of a stack together.</param>
    /// <param name="columns">Input features.</param>
    public GgufTensor Matrix(string name, long rows, int columns) =>
        Checked(Find(name) ?? throw Missing(name, Shape(rows, columns)), rows, columns);

    /// <summary>Gets a matrix with any number of rows.</summary>
    public GgufTensor MatrixWithAnyRows(string name, int columns)
    {
        GgufTensor tensor = Find(name) ?? throw Missing(name, $"rows of {columns}");
        return tensor.Rows is > 0 and <= int.MaxValue
            ? Checked(tensor, tensor.Rows, columns)
            : throw new ModelFormatException(Path, -1, $"tensor '{name}' has {tensor.Rows} rows; expected 1 to {int.MaxValue}");
    }

    /// <summary>Reads floats [<paramref name="rows"/>, <paramref name="columns"/>].</summary>
    /// <returns>Null where the file has no such tensor.</returns>
    public float[]? OptionalFloats(string name, int rows, int columns) =>
        Find(name) is { } tensor ? TensorFloats.Read(Checked(tensor, rows, columns), Path) : null;

    /// <summary>Reads a vector of <paramref name="length"/> floats.</summary>
    /// <returns>Null where the file has no such tensor.</returns>
    public float[]? OptionalVector(string name, int length) => OptionalFloats(name, 1, length);

    /// <summary>Reads floats [<paramref name="rows"/>, <paramref name="columns"/>]; refuses a file without them.</summary>
    public float[] Floats(string name, int rows, int columns) =>
        OptionalFloats(name, rows, columns) ?? throw Missing(name, rows == 1 ? $"{columns} values" : Shape(rows, columns));

    /// <summary>Refuses a file with tensors that nothing reads, because its output would be silently wrong.</summary>
    /// <exception cref="UnsupportedModelException">
    /// There are others than those of <see cref="IsNotRun"/>; the message names the first three.
    /// </exception>
    public void RequireAllBound()
    {
        string[] ignored = [.. UnboundTensors.Where(name => !IsNotRun(name))];
        if (ignored.Length > 0)
        {
            string more = ignored.Length > 3 ? $" and {ignored.Length - 3} more" : "";
            string first = string.Join(", ", ignored.Take(3).Select(static name => $"'{Printable.Shorten(name)}'"));
            throw new UnsupportedModelException(
                $"{Path}: nothing here reads the tensors {first}{more}; "
                + "the model is of a variant that this build does not know, or the file is damaged");
        }
    }

    private static string Shape(long rows, int columns) => $"[{columns}, {rows}]";

    private ModelFormatException Missing(string name, string expected) => new(Path, -1, $"tensor '{name}' is missing; expected {expected}");

    private GgufTensor? Find(string name)
    {
        if (IsNotRun(name))
        {
            return null;
        }

        name = TensorOf(name);
        _bound.Add(name);
        return _file.FindTensor(name);
    }

    private GgufTensor Checked(GgufTensor tensor, long rows, int columns)
    {
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw new ModelFormatException(
                Path,
                -1,
                $"tensor '{tensor.Name}' has shape [{tensor.Columns}, {tensor.Rows}]; the metadata asks for {Shape(rows, columns)}");
        }

        TensorFloats.FormatOf(tensor, Path); // refuses a type that nothing reads
        return tensor;
    }
}
