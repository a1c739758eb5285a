using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Modules;

/// <summary>
/// Computes an input of its own for every layer, (norm(P x) + E[token]) / sqrt(2), from the embedding x and a second embedding table. The
/// layers read it with <see cref="LayerInput"/>.
/// </summary>
/// <param name="hidden">The width of the residual stream.</param>
/// <param name="width">The width of a layer's input.</param>
/// <param name="layers">The number of layers.</param>
/// <param name="vocabulary">The number of tokens.</param>
/// <param name="epsilon">The epsilon of the norm.</param>
internal sealed unsafe class LayerInputs(int hidden, int width, int layers, int vocabulary, float epsilon) : Stage
{
    private readonly Norm _norm = new("per_layer_proj_norm", NormKind.Rms, epsilon, width);
    private EmbeddingTable _table = null!;
    private Projection _projection = null!;
    private long _inputs;

    public override string Kind => "layer inputs";

    /// <summary>Gets the width of a layer's input.</summary>
    public int Width => width;

    /// <summary>Gets the parts of the bound module.</summary>
    public LayerInputsParts Parts => new(_table.Tensor, MathF.Sqrt(width) * _table.Scale, _projection, _norm, layers);

    /// <summary>Gets the input of a layer for a row, [Width].</summary>
    public float* Input(PassThread t, int row, int layer) => t.Carried(_inputs) + ((((long)row * layers) + layer) * width);

    public override void Bind(TensorBinder tensors)
    {
        _table = new EmbeddingTable(tensors.Source.Matrix("per_layer_token_embd.weight", vocabulary, width * layers));
        _projection = tensors.Projection("per_layer_model_proj", width * layers, hidden, 1 / MathF.Sqrt(hidden), BiasOrder.NoScale);
        _norm.Bind(tensors);
    }

    public override void Plan(ScratchPlan scratch)
    {
        _inputs = scratch.CarriedFloats(this, (long)width * layers);
        scratch.UseThread((long)width * layers * sizeof(float));
    }

    public override void Run(PassThread t)
    {
        Activations x = t.Prepare(t.X, hidden, t.Rows, norm: null, Activations.FormsFor(_projection));
        t.Multiply(x, t.Rows, new Product(_projection, Input(t, 0, 0), width * layers));
        t.Barrier();
        float* embedding = (float*)t.Scratch;
        float scale = MathF.Sqrt(width) * _table.Scale;
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* inputs = Input(t, row, 0);
            for (int layer = 0; layer < layers; layer++)
            {
                _norm.Apply(t.Vector, inputs + ((long)layer * width), inputs + ((long)layer * width));
            }

            _table.Read(t.Token(row), new Span<float>(embedding, width * layers));
            t.Vector.AddScaled(embedding, scale, inputs, width * layers);
            t.Vector.Scale(inputs, 1 / MathF.Sqrt(2), width * layers);
        }

        t.Barrier();
    }
}

/// <summary>Computes Down (gelu(Gate x) * input) with the input of the layer from <see cref="LayerInputs"/>.</summary>
/// <param name="prefix">The prefix of the tensor names, for example <c>blk.0</c>.</param>
/// <param name="hidden">The width of the residual stream.</param>
/// <param name="inputs">The stage that computes the inputs.</param>
/// <param name="layer">The index of the layer.</param>
internal sealed unsafe class LayerInput(string prefix, int hidden, LayerInputs inputs, int layer) : Branch(prefix, "layer input")
{
    private Projection _gate = null!;
    private Projection _output = null!;
    private long _gated;

    public override ActivationForms Reads => Activations.FormsFor(_gate);

    /// <summary>Gets the parts of the bound module.</summary>
    public LayerInputParts Parts => new(inputs, layer, _gate, _output);

    public override void Bind(TensorBinder tensors)
    {
        _gate = tensors.Projection($"{Prefix}.inp_gate", inputs.Width, hidden, order: BiasOrder.NoScale);
        _output = tensors.Projection($"{Prefix}.proj", hidden, inputs.Width, order: BiasOrder.NoScale);
    }

    public override void Plan(ScratchPlan scratch)
    {
        _gated = scratch.Floats(inputs.Width);
        scratch.UseActivations(inputs.Width, scratch.Rows);
    }

    public override void Run(PassThread t, in Activations input, BranchOutput output)
    {
        float* gated = t.Floats(_gated);
        t.Multiply(input, t.Rows, new Product(_gate, gated, inputs.Width));
        t.Barrier();
        for (int row; (row = t.TakeItem()) < t.Rows;)
        {
            float* h = gated + ((long)row * inputs.Width);
            t.Vector.Gate(Activation.Gelu, h, inputs.Input(t, row, layer), h, inputs.Width);
        }

        t.Barrier();
        t.MultiplyTo(output, t.Prepare(gated, inputs.Width, t.Rows, norm: null, Activations.FormsFor(_output), normed: gated), _output);
    }
}
