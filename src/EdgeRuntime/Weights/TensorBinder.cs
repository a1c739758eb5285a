using System;
using System.Collections.Generic;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Weights;

/// <summary>
/// How a matrix's bias and its scale (<c>.scale</c>) go together. An NVFP4 matrix is always <see cref="AfterScale"/>: its scale is a part
/// of its weights.
/// </summary>
internal enum BiasOrder
{
    /// <summary>y = scale * W x + bias.</summary>
    AfterScale,

    /// <summary>y = scale * (W x + bias), as in llama.cpp's feed-forward blocks.</summary>
    BeforeScale,

    /// <summary>y = W x + bias, in families whose scales llama.cpp ignores.</summary>
    NoScale,
}

/// <summary>
/// Checks the tensors that modules request and makes projections and vectors of them. Owns these until <see cref="ModelWeights"/> takes
/// them over. Nothing is packed here, so an inspection may bind a model too.
/// </summary>
internal sealed unsafe class TensorBinder : IDisposable
{
    private readonly InstructionSet _instructionSet;
    private readonly bool _exact;
    private readonly List<Projection> _projections = [];
    private readonly List<NativeBuffer> _vectors = [];
    private readonly Dictionary<(GgufTensor Tensor, long FirstRow, int Rows), Projection> _packed = [];
    private readonly Dictionary<string, List<Projection>> _byName = new(StringComparer.Ordinal);

    /// <param name="source">The model's file.</param>
    /// <param name="instructionSet">The instruction set whose kernels will read the weights.</param>
    /// <param name="exact">Whether every matrix is expanded to float32.</param>
    public TensorBinder(ModelSource source, InstructionSet instructionSet, bool exact)
    {
        Source = source;
        _instructionSet = instructionSet;
        _exact = exact;
    }

    public ModelSource Source { get; }

    /// <summary>Gets the projections so far, in the order in which modules requested them.</summary>
    public IReadOnlyList<Projection> Projections => _projections;

    /// <summary>Gets the projections that are a whole tensor of the file, by its name; several where layers share weights.</summary>
    public IReadOnlyDictionary<string, List<Projection>> ByName => _byName;

    /// <summary>Gets the vectors so far.</summary>
    public IReadOnlyList<NativeBuffer> Vectors => _vectors;

    /// <summary>Gets whether the file has <c>NAME.weight</c>.</summary>
    public bool Has(string name) => Source.Has($"{name}.weight");

    /// <summary>Binds <c>NAME.weight</c> [rows, columns], with <c>NAME.bias</c> and <c>NAME.scale</c> where the file has them.</summary>
    /// <param name="name">The tensor name without its last part.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features.</param>
    /// <param name="factor">A constant of the architecture that multiplies all of y.</param>
    /// <param name="order">How bias and scale go together.</param>
    public Projection Projection(string name, int rows, int columns, float factor = 1, BiasOrder order = BiasOrder.AfterScale)
    {
        GgufTensor tensor = Source.Matrix($"{name}.weight", rows, columns);
        order = OrderOf(tensor, order);
        float scale = ReadScales(name, 1, order)?[0] ?? 1;
        float[]? bias = Source.OptionalVector($"{name}.bias", rows);

        // Of everything that is added to the product: the bias and what adapters add.
        float addendFactor = factor * (order == BiasOrder.BeforeScale ? scale : 1);
        if (bias is not null && addendFactor != 1)
        {
            bias = Array.ConvertAll(bias, value => value * addendFactor);
        }

        IgnoreInputScale(name);
        Projection projection = Add(
            tensor, rows, firstRow: 0, scale * factor * tensor.ReadScale(), bias, addendFactor, new MatrixOrigin(tensor.Name, 0, 1));
        if (!_byName.TryGetValue(tensor.Name, out List<Projection>? sharing))
        {
            _byName.Add(tensor.Name, sharing = []);
        }

        sharing.Add(projection);
        return projection;
    }

    /// <summary>Binds the embedding <c>NAME.weight</c> [rows, columns] as the output matrix too. A scale beside it is not bound.</summary>
    /// <inheritdoc cref="Projection" path="/param"/>
    public Projection TiedProjection(string name, int rows, int columns, float factor)
    {
        GgufTensor tensor = Source.Matrix($"{name}.weight", rows, columns);
        return Add(tensor, rows, firstRow: 0, factor * tensor.ReadScale(), bias: null, origin: new MatrixOrigin(tensor.Name, 0, 1));
    }

    /// <summary>Binds a matrix as <see cref="Projection"/> does.</summary>
    /// <returns>Null where the file has no such matrix.</returns>
    public Projection? OptionalProjection(string name, int rows, int columns, float factor = 1, BiasOrder order = BiasOrder.AfterScale) =>
        Has(name) ? Projection(name, rows, columns, factor, order) : null;

    /// <summary>
    /// Binds the matrices of a stack <c>NAME.weight</c> [count, rows, columns], with <c>NAME.bias</c> [count, rows] and <c>NAME.scale</c>
    /// [count] where the file has them.
    /// </summary>
    public Projection[] Stack(string name, int count, int rows, int columns, BiasOrder order = BiasOrder.AfterScale) =>
        StackPart(name, count, rows, columns, part: 0, parts: 1, order);

    /// <summary>Binds the first rows of a part of a matrix whose parts, one below the other, have equally many rows.</summary>
    /// <param name="name">The tensor name without its last part: [parts * rows, columns].</param>
    /// <param name="rows">Rows of a part.</param>
    /// <param name="used">Rows to bind.</param>
    /// <param name="columns">Input features.</param>
    /// <param name="part">The index of the part.</param>
    /// <param name="parts">The number of parts.</param>
    /// <param name="order">How biases and scales go together.</param>
    public Projection Part(string name, int rows, int used, int columns, int part, int parts, BiasOrder order)
    {
        GgufTensor tensor = Source.Matrix($"{name}.weight", checked((long)parts * rows), columns);
        order = OrderOf(tensor, order);
        float scale = ReadScales(name, 1, order)?[0] ?? 1;
        float[]? bias = Source.OptionalVector($"{name}.bias", parts * rows)?.AsSpan(part * rows, used).ToArray();
        bias = bias is null || order != BiasOrder.BeforeScale ? bias : Array.ConvertAll(bias, value => value * scale);
        IgnoreInputScale(name);
        MatrixOrigin? origin = part == 0 ? new MatrixOrigin(tensor.Name, 0, 1) : null;
        return Add(tensor, used, (long)part * rows, scale * tensor.ReadScale(), bias, origin: origin);
    }

    /// <summary>Binds one part of each matrix of a stack whose matrices have several parts, one below the other.</summary>
    /// <param name="name">The tensor name without its last part: [count, parts * rows, columns].</param>
    /// <param name="count">The number of matrices.</param>
    /// <param name="rows">Rows of a part.</param>
    /// <param name="columns">Input features.</param>
    /// <param name="part">The index of the part.</param>
    /// <param name="parts">Parts of a matrix.</param>
    /// <param name="order">How biases and scales go together.</param>
    public Projection[] StackPart(string name, int count, int rows, int columns, int part, int parts, BiasOrder order)
    {
        int all = checked(parts * rows);
        GgufTensor tensor = Source.Matrix($"{name}.weight", (long)count * all, columns);
        if (tensor.Dimensions[1] != all)
        {
            throw new ModelFormatException(
                Source.Path,
                -1,
                $"tensor '{tensor.Name}' has {tensor.Dimensions[1]} rows a matrix; the metadata asks for {count} matrices of {all}");
        }

        float[]? biases = Source.OptionalFloats($"{name}.bias", count, all);
        float[]? scales = ReadScales(name, count, OrderOf(tensor, order));
        IgnoreInputScale(name);
        var stack = new Projection[count];
        for (int i = 0; i < count; i++)
        {
            long first = ((long)i * all) + (part * rows);
            float[]? bias = biases?.AsSpan(checked((int)first), rows).ToArray();
            MatrixOrigin? origin = part == 0 ? new MatrixOrigin(tensor.Name, i, count) : null;
            stack[i] = Add(tensor, rows, first, (scales?[i] ?? 1) * tensor.ReadScale(), bias, origin: origin);
        }

        return stack;
    }

    /// <summary>Reads a tensor of <paramref name="length"/> floats.</summary>
    public NativeBuffer Vector(string name, int length) => Keep(Source.Floats(name, 1, length));

    /// <summary>Reads a tensor of <paramref name="length"/> floats.</summary>
    /// <returns>Null where the file has no such tensor.</returns>
    public NativeBuffer? OptionalVector(string name, int length) => Source.OptionalVector(name, length) is { } values ? Keep(values) : null;

    /// <summary>Reads a tensor of floats [<paramref name="rows"/>, <paramref name="columns"/>].</summary>
    public NativeBuffer Floats(string name, int rows, int columns) => Keep(Source.Floats(name, rows, columns));

    /// <summary>
    /// Turns floats [<paramref name="rows"/>, <paramref name="columns"/>] into [columns, rows], so that the rows are adjacent.
    /// </summary>
    public static float[] Transpose(ReadOnlySpan<float> values, int rows, int columns)
    {
        float[] turned = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                turned[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return turned;
    }

    /// <summary>
    /// Copies values that a module computed from its tensors, and owns the copy. Without values the memory stays untouched, so that the
    /// sizes which a header claims cost none.
    /// </summary>
    public NativeBuffer Keep(ReadOnlySpan<float> values)
    {
        var buffer = new NativeBuffer((long)values.Length * sizeof(float));
        _vectors.Add(buffer);
        if (Source.HasValues)
        {
            values.CopyTo(new Span<float>(buffer.Pointer, values.Length));
        }

        return buffer;
    }

    /// <summary>Frees all projections and vectors: after a failed load or an inspection.</summary>
    public void Dispose()
    {
        _projections.ForEach(static projection => projection.Dispose());
        _vectors.ForEach(static vector => vector.Dispose());
        _projections.Clear();
        _vectors.Clear();
    }

    private static BiasOrder OrderOf(GgufTensor tensor, BiasOrder order) =>
        tensor.Type == TensorType.NVFP4 ? BiasOrder.AfterScale : order;

    private float[]? ReadScales(string name, int count, BiasOrder order)
    {
        if (order != BiasOrder.NoScale)
        {
            return Source.OptionalVector($"{name}.scale", count);
        }

        Source.Ignore($"{name}.scale");
        return null;
    }

    /// <summary>The scale of activations that a device quantizes to NVFP4; kernels here quantize them to int8.</summary>
    private void IgnoreInputScale(string name) => Source.Ignore($"{name}.input_scale");

    private Projection Add(
        GgufTensor tensor, int rows, long firstRow, float scale, float[]? bias, float addendFactor = 1, MatrixOrigin? origin = null)
    {
        if (_packed.TryGetValue((tensor, firstRow, rows), out Projection? known))
        {
            // Layers that share weights share their packed form, each with a scale of its own.
            return known.With(scale, bias is null ? null : Keep(bias), addendFactor);
        }

        var matrix = new PackedMatrix(_exact ? TensorType.F32 : tensor.Type, rows, (int)tensor.Columns, _instructionSet, allocate: false);
        var projection = new Projection(matrix, scale, bias)
        {
            Loader = new MatrixLoader(tensor, matrix, firstRow, Source.Path),
            UpdateFactor = addendFactor,
            Origin = origin,
        };
        _projections.Add(projection);
        _packed.Add((tensor, firstRow, rows), projection);
        return projection;
    }
}
