using System;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Starts the streams of <see cref="AlternatingUpdate"/>: the first is the residual stream x of the pass, and each other one is a product
/// with x, brought to the length of x.
/// </summary>
/// <param name="streams">The streams.</param>
/// <param name="name">The name of the stack of matrices, one for each stream but the first.</param>
internal sealed unsafe class StartOfAlternatingStreams(ResidualStreams streams, string name) : Stage
{
    private Projection[] _matrices = [];

    /// <summary>Gets the parts of the bound module.</summary>
    public AlternatingStreamsParts Parts => new(streams, _matrices);

    public override string Kind => "start of streams";

    public override void Bind(TensorBinder tensors) =>
        _matrices = tensors.Stack(name, streams.Count - 1, streams.Hidden, streams.Hidden, BiasOrder.NoScale);

    public override void Plan(ScratchPlan scratch) => streams.Plan(scratch);

    public override void Run(PassThread t)
    {
        Activations x = t.Prepare(t.X, streams.Hidden, t.Rows, norm: null, Activations.FormsFor(_matrices));
        for (int i = 0; i < _matrices.Length; i++)
        {
            t.Multiply(x, t.Rows, new Product(_matrices[i], streams.Stream(t, row: 0, i + 1), streams.Width));
            t.Barrier();
        }

        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* first = t.X + ((long)row * t.Hidden);
            new ReadOnlySpan<float>(first, t.Hidden).CopyTo(new Span<float>(streams.Stream(t, row, 0), t.Hidden));
            for (int i = 1; i < streams.Count; i++)
            {
                ScaleToLength(t, streams.Stream(t, row, i), first);
            }
        }

        t.Barrier();
    }

    /// <summary>Scales x to the length of another vector.</summary>
    public static void ScaleToLength(PassThread t, float* x, float* other)
    {
        float length = MathF.Sqrt(t.Vector.SumOfSquares(other, t.Hidden));
        t.Vector.Scale(x, length / MathF.Sqrt(t.Vector.SumOfSquares(x, t.Hidden)), t.Hidden);
    }
}

/// <summary>
/// Ends the streams of <see cref="AlternatingUpdate"/>: the residual stream of the pass becomes the mean of the first stream and of the
/// product of each other one, brought to the length of the first.
/// </summary>
/// <param name="streams">The streams.</param>
/// <param name="name">The name of the stack of matrices, one for each stream but the first.</param>
internal sealed unsafe class EndOfAlternatingStreams(ResidualStreams streams, string name) : Stage
{
    private Projection[] _matrices = [];
    private long _input;
    private long _result;

    /// <summary>Gets the parts of the bound module.</summary>
    public AlternatingStreamsParts Parts => new(streams, _matrices);

    public override string Kind => "end of streams";

    public override void Bind(TensorBinder tensors) =>
        _matrices = tensors.Stack(name, streams.Count - 1, streams.Hidden, streams.Hidden, BiasOrder.NoScale);

    public override void Plan(ScratchPlan scratch)
    {
        streams.Plan(scratch);
        _input = scratch.Floats(streams.Hidden);
        _result = scratch.Floats(streams.Hidden);
    }

    public override void Run(PassThread t)
    {
        float* result = t.Floats(_result);
        for (int i = 1; i < streams.Count; i++)
        {
            Multiply(t, i, result);
            for (int row; (row = t.TakeItem()) < t.Rows;)
            {
                float* y = result + ((long)row * t.Hidden);
                float* x = t.X + ((long)row * t.Hidden);
                StartOfAlternatingStreams.ScaleToLength(t, y, streams.Stream(t, row, 0));
                t.Vector.Add(y, x, t.Hidden);
                if (i == streams.Count - 1)
                {
                    t.Vector.Scale(x, 1f / streams.Count, t.Hidden);
                }
            }

            t.Barrier();
        }
    }

    /// <summary>Computes the product of a stream. The first stream is the residual stream of the pass already.</summary>
    private void Multiply(PassThread t, int index, float* result)
    {
        float* input = t.Floats(_input);
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            new ReadOnlySpan<float>(streams.Stream(t, row, index), t.Hidden)
                .CopyTo(new Span<float>(input + ((long)row * t.Hidden), t.Hidden));
        }

        t.Barrier();
        Projection matrix = _matrices[index - 1];
        Activations x = t.Prepare(input, t.Hidden, t.Rows, norm: null, Activations.FormsFor(matrix));
        t.Multiply(x, t.Rows, new Product(matrix, result, t.Hidden));
        t.Barrier();
    }
}
