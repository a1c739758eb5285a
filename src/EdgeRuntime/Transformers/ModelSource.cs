using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Transformers;

/// <summary>A model's file as the loader sees it: metadata, and tensors that are checked against the shape they must have. A view.</summary>
internal sealed class ModelSource
{
    private readonly GgufFile _file;

    public ModelSource(GgufFile file) => _file = file;

    public string Path => _file.Path;

    public GgufMetadata Metadata => _file.Metadata;

    /// <summary>The matrix of that name; refuses another shape or a type without kernels.</summary>
    /// <param name="name">Tensor name.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features.</param>
    public GgufTensor Matrix(string name, int rows, int columns)
    {
        GgufTensor tensor = Find(name) ?? throw new ModelFormatException(Path, -1, $"tensor '{name}' is missing; expected {Shape(rows, columns)}");
        return CheckedMatrix(tensor, rows, columns);
    }

    /// <summary>As <see cref="Matrix"/>, with as many rows as the file has.</summary>
    public GgufTensor MatrixWithAnyRows(string name, int columns)
    {
        GgufTensor tensor = Find(name) ?? throw new ModelFormatException(Path, -1, $"tensor '{name}' is missing; expected rows of {columns}");
        if (tensor.Rows is <= 0 or > int.MaxValue)
        {
            throw new ModelFormatException(Path, -1, $"tensor '{name}' has {tensor.Rows} rows; expected 1 to {int.MaxValue}");
        }

        return CheckedMatrix(tensor, (int)tensor.Rows, columns);
    }

    /// <summary>The tensor of that name, or null.</summary>
    public GgufTensor? Find(string name) => _file.FindTensor(name);

    /// <summary>A float vector [<paramref name="length"/>], or null where the file has none.</summary>
    public float[]? OptionalVector(string name, int length)
    {
        if (Find(name) is not { } tensor)
        {
            return null;
        }

        CheckedMatrix(tensor, 1, length);
        float[] values = new float[length];
        TensorFormats.Get(tensor.Type).Dequantize(tensor.GetRows(0, 1), values);
        return values;
    }

    /// <summary>A float vector [<paramref name="length"/>].</summary>
    public float[] Vector(string name, int length) =>
        OptionalVector(name, length) ?? throw new ModelFormatException(Path, -1, $"tensor '{name}' is missing; expected {length} values");

    private static string Shape(int rows, int columns) => $"[{columns}, {rows}]";

    private GgufTensor CheckedMatrix(GgufTensor tensor, int rows, int columns)
    {
        if (tensor.Rows != rows || tensor.Columns != columns)
        {
            throw new ModelFormatException(
                Path, -1, $"tensor '{tensor.Name}' has shape [{tensor.Columns}, {tensor.Rows}]; the metadata asks for {Shape(rows, columns)}");
        }

        if (TensorFormats.Find(tensor.Type) is null)
        {
            throw new UnsupportedModelException($"{Path}: tensor '{tensor.Name}': {TensorFormats.Refusal(tensor.Type)}");
        }

        return tensor;
    }
}
