using System;
using EdgeRuntime.Kernels;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>Computes logits = cap tanh(scale (W norm(x)) / cap) for the output rows, or only norm(x) for hidden states.</summary>
internal sealed unsafe class Head : Stage
{
    private readonly Norm? _norm;
    private readonly string? _name;
    private readonly string? _tied;
    private readonly int _hidden;
    private readonly int _vocabulary;
    private Projection? _output;
    private long _rows;

    /// <param name="norm">The last norm, or null.</param>
    /// <param name="name">The name of the output matrix, without its last part; null for a model without logits.</param>
    /// <param name="tied">The name of the embedding, which is used if the file has no output matrix; null if it must have one.</param>
    /// <param name="hidden">The width of the residual stream.</param>
    /// <param name="vocabulary">The number of rows of the matrix.</param>
    public Head(Norm? norm, string? name, string? tied, int hidden, int vocabulary)
    {
        _norm = norm;
        _name = name;
        _tied = tied;
        _hidden = hidden;
        _vocabulary = vocabulary;
    }

    public override string Kind => "output";

    /// <summary>Gets the factor of the logits.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>
    /// Gets the number of rows of the output matrix. If they are fewer than the vocabulary, they are its last tokens; the other logits are
    /// the lowest number.
    /// </summary>
    public required int Rows { get; init; }

    /// <summary>Gets the soft cap of the logits; 0 for none.</summary>
    public float Cap { get; init; }

    /// <summary>Gets the parts of the bound module.</summary>
    public HeadParts Parts => new(_norm, _output, _vocabulary);

    public override void Bind(TensorBinder tensors)
    {
        _norm?.Bind(tensors);
        _output = _name is null ? null
            : _tied is null || (_name != _tied && tensors.Has(_name)) ? tensors.Projection(_name, Rows, _hidden, Scale)
            : tensors.TiedProjection(_tied, _vocabulary, _hidden, Scale);
    }

    public override void Plan(ScratchPlan scratch)
    {
        scratch.KeepInput();
        _rows = scratch.Floats(_hidden);
    }

    public override void Run(PassThread t)
    {
        int rows = t.Pass.OutputCount;
        if (rows == 0)
        {
            return;
        }

        float* x = OutputRows(t, rows);
        if (t.Pass.HiddenStates is not null)
        {
            WriteHidden(t, x, rows);
        }

        if (t.Pass.Logits is not null && _output is not null)
        {
            WriteLogits(t, _output, x, rows);
        }
    }

    /// <summary>Gets the output rows as contiguous rows: in place if they are contiguous, otherwise copied.</summary>
    private float* OutputRows(PassThread t, int rows)
    {
        ReadOnlySpan<int> wanted = t.Pass.OutputRows;
        if (wanted[^1] - wanted[0] == rows - 1)
        {
            return t.X + ((long)wanted[0] * _hidden);
        }

        float* gathered = t.Floats(_rows);
        for (int i; (i = t.TakeItem()) < rows;)
        {
            new ReadOnlySpan<float>(t.X + ((long)wanted[i] * _hidden), _hidden)
                .CopyTo(new Span<float>(gathered + ((long)i * _hidden), _hidden));
        }

        t.Barrier();
        return gathered;
    }

    private void WriteHidden(PassThread t, float* x, int rows)
    {
        for (int i; (i = t.TakeItem()) < rows;)
        {
            float* hidden = t.Pass.HiddenStates + ((long)i * _hidden);
            float* row = x + ((long)i * _hidden);
            if (_norm is null)
            {
                new ReadOnlySpan<float>(row, _hidden).CopyTo(new Span<float>(hidden, _hidden));
            }
            else
            {
                _norm.Apply(t.Vector, row, hidden);
            }
        }

        t.Barrier();
    }

    private void WriteLogits(PassThread t, Projection output, float* x, int rows)
    {
        Activations n = t.Prepare(x, _hidden, rows, _norm, Activations.FormsFor(output));
        int missing = _vocabulary - output.Rows;
        float* logits = t.Pass.Logits + missing;
        ReadOnlySpan<Product> products = [new Product(output, logits, _vocabulary)];
        var updates = new AdapterUpdates(t, n, rows, products, t.Pass.OutputRows);
        while (t.TakeShare(output.Panels, out int panel, out int last))
        {
            output.Multiply(n.For(output), rows, panel, last, logits, _vocabulary, t.Scratch);
            updates.Add(products[0], panel, last);
            int first = panel * PackedMatrix.PanelRows;
            int count = Math.Min(last * PackedMatrix.PanelRows, output.Rows) - first;
            for (int row = 0; Cap != 0 && row < rows; row++)
            {
                t.Vector.Cap(logits + ((long)row * _vocabulary) + first, Cap, count);
            }
        }

        for (int row = 0; t.Index == 0 && missing > 0 && row < rows; row++)
        {
            new Span<float>(t.Pass.Logits + ((long)row * _vocabulary), missing).Fill(float.MinValue);
        }

        t.Barrier();
    }
}
