using System;
using EdgeRuntime.Memory;
using EdgeRuntime.State;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes x[row] = scale * embedding[token], plus the row of the first token type and that of the position where the model has them,
/// followed by an optional norm.
/// </summary>
internal sealed unsafe class Embedding : Stage
{
    private readonly string _name;
    private readonly int _hidden;
    private EmbeddingTable _table = null!;
    private NativeBuffer? _positions;
    private NativeBuffer? _type;

    /// <param name="name">The tensor name without its last part.</param>
    /// <param name="hidden">The width of a row.</param>
    public Embedding(string name, int hidden)
    {
        _name = name;
        _hidden = hidden;
    }

    public override string Kind => "embedding";

    /// <summary>Gets the tensor name without its last part.</summary>
    public string Name => _name;

    /// <summary>Gets the factor of the rows.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>
    /// Gets the name of the table [types, hidden] whose first row is added to all rows, if the file has it; null for none.
    /// </summary>
    public string? Types { get; init; }

    /// <summary>Gets the name of the table [positions, hidden] of learned positions, or null.</summary>
    public string? Positions { get; init; }

    /// <summary>Gets the number of rows of <see cref="Positions"/>: the largest number of positions of a sequence.</summary>
    public int PositionCount { get; init; }

    /// <summary>Gets the norm that is applied last, or null.</summary>
    public Norm? Norm { get; init; }

    /// <summary>Gets the parts of the bound module.</summary>
    public EmbeddingParts Parts => new(_table.Tensor, Scale * _table.Scale, _type, _positions, PositionCount, Norm);

    /// <summary>Gets the number of rows of the table.</summary>
    public int Vocabulary => _table.Vocabulary;

    public override void Bind(TensorBinder tensors)
    {
        _table = new EmbeddingTable(tensors.Source.MatrixWithAnyRows($"{_name}.weight", _hidden));
        _positions = Positions is null ? null : tensors.Floats($"{Positions}.weight", PositionCount, _hidden);
        if (Types is not null && tensors.Has(Types))
        {
            int types = (int)tensors.Source.MatrixWithAnyRows($"{Types}.weight", _hidden).Rows;
            _type = tensors.Floats($"{Types}.weight", types, _hidden);
        }

        Norm?.Bind(tensors);
    }

    public override void Declare(StatePlan state)
    {
        if (Positions is not null)
        {
            state.LimitPositions(PositionCount);
        }
    }

    public override void Plan(ScratchPlan scratch)
    {
    }

    public override void Run(PassThread t)
    {
        float scale = Scale * _table.Scale;
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* x = t.X + ((long)row * _hidden);
            _table.Read(t.Token(row), new Span<float>(x, _hidden));
            if (scale != 1)
            {
                t.Vector.Scale(x, scale, _hidden);
            }

            if (_type is not null)
            {
                t.Vector.Add((float*)_type.Pointer, x, _hidden);
            }

            if (_positions is not null)
            {
                t.Vector.Add((float*)_positions.Pointer + ((long)t.Position(row) * _hidden), x, _hidden);
            }

            Norm?.Apply(t.Vector, x, x);
            t.FillRotations(row);
        }

        t.Barrier();
    }
}
