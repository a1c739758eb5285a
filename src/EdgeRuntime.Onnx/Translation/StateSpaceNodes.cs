using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// Translates selective state spaces: Mamba, with decays for each channel and state, and Mamba 2, with one for each head.
/// </summary>
internal static class StateSpaceNodes
{
    /// <summary>Adds a layer of Mamba 2.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The layer.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string AddMamba2(GraphContext context, Branch branch, string x)
    {
        Mamba2Parts parts = ((Mamba2)branch).Parts;
        Mamba2Spec spec = parts.Spec;
        int states = spec.Groups * spec.StateSize;
        string[] projected = context.Split(context.Matrices.Multiply(parts.Input, x), spec.Inner, spec.ConvolutionWidth, spec.Heads);
        string mixed = ConvolutionNodes.AddSilu(context, parts.Convolution, projected[1]);
        string[] selected = context.Split(mixed, spec.Inner, states, states);
        string time = context.Binary("Add", projected[2], context.Table("time.bias", parts.TimeBias, spec.Heads));
        time = ActivationNodes.Add(context, Activation.Softplus, time);
        string values = context.Reshape(selected[0], 0, 0, spec.Heads, spec.HeadSize);
        string y = Scan(context, branch, spec, time, context.Table("a", parts.A, spec.Heads), values, selected[1], selected[2]);
        y = context.Binary("Add", y, context.Binary("Mul", values, context.Table("d", parts.D, spec.Heads, 1)));
        y = ActivationNodes.Gate(context, Activation.Silu, default, projected[0], context.Reshape(y, 0, 0, spec.Inner));
        y = NormNodes.AddHeads(context, parts.Norm, y, spec.Groups, spec.Inner / spec.Groups);
        return context.Matrices.Multiply(parts.Output, y);
    }

    /// <summary>Adds a layer of Mamba.</summary>
    /// <inheritdoc cref="AddMamba2" path="/param"/>
    public static string AddMamba(GraphContext context, Branch branch, string x)
    {
        MambaParts parts = ((Mamba)branch).Parts;
        MambaSpec spec = parts.Spec;
        (string values, string gate) = SplitInput(context, spec, context.Matrices.Multiply(parts.Input, x));
        values = ConvolutionNodes.AddSilu(context, parts.Convolution, values);
        string selected = context.Matrices.Multiply(parts.Selection, values);
        (string dt, string b, string c) = SplitSelection(context, spec, selected);
        string time = context.Matrices.Multiply(parts.Time, NormNodes.Add(context, parts.Norms[0], dt));
        time = ActivationNodes.Add(context, Activation.Softplus, time);
        b = NormNodes.Add(context, parts.Norms[1], b);
        c = NormNodes.Add(context, parts.Norms[2], c);
        string y = Scan(context, branch, parts, time, values, b, c);
        y = context.Binary("Add", y, context.Binary("Mul", values, context.Table("d", parts.D, spec.Inner)));
        return context.Matrices.Multiply(parts.Output, ActivationNodes.Gate(context, Activation.Silu, default, gate, y));
    }

    /// <summary>Adds the recurrence of Mamba 2, [batch, tokens, heads, head size]: S = exp(time A) S + (time x) B^T, y = S C.</summary>
    private static string Scan(
        GraphContext context, Branch branch, Mamba2Spec spec, string time, string a, string values, string b, string c)
    {
        int shared = spec.Heads / spec.Groups;
        string inputs = context.Binary("Mul", values, context.Reshape(time, 0, 0, spec.Heads, 1));
        var recurrence = new RecurrenceNodes(context, branch.Prefix);
        string decay = context.Graph.Add("Exp", [context.Binary("Mul", time, a)]);
        decay = recurrence.AddInput(decay, spec.Groups, shared, 1, 1);
        string input = recurrence.AddInput(inputs, spec.Groups, shared, spec.HeadSize, 1);
        string write = recurrence.AddInput(b, spec.Groups, 1, 1, spec.StateSize);
        string read = recurrence.AddInput(c, spec.Groups, 1, spec.StateSize, 1);
        string y = recurrence.Add(
            [spec.Groups, shared, spec.HeadSize, spec.StateSize],
            [spec.Groups, shared, spec.HeadSize, 1],
            state =>
            {
                string next = context.Binary("Add", context.Binary("Mul", state, decay), context.Binary("Mul", input, write));
                return (next, context.Binary("MatMul", next, read));
            });
        return context.Reshape(y, 0, 0, spec.Heads, spec.HeadSize);
    }

    /// <summary>Adds the recurrence of Mamba, [batch, tokens, inner]: h = exp(time A) h + time x B, y = h C.</summary>
    private static string Scan(
        GraphContext context, Branch branch, MambaParts parts, string time, string values, string b, string c)
    {
        MambaSpec spec = parts.Spec;
        int shared = spec.Inner / spec.Times;
        string a = context.ToSingle(context.Table("a", parts.A, spec.StateSize, spec.Times, shared));
        string inputs = context.Binary(
            "Mul", context.Reshape(values, 0, 0, spec.Times, shared), context.Reshape(time, 0, 0, spec.Times, 1));
        var recurrence = new RecurrenceNodes(context, branch.Prefix);
        string step = recurrence.AddInput(time, 1, spec.Times, 1);
        string input = recurrence.AddInput(inputs, 1, spec.Times, shared);
        string write = recurrence.AddInput(b, spec.StateSize, 1, 1);
        string read = recurrence.AddInput(c, spec.StateSize, 1, 1);
        string y = recurrence.Add(
            [spec.StateSize, spec.Times, shared],
            [spec.Times, shared],
            state =>
            {
                string decay = context.Graph.Add("Exp", [context.Binary("Mul", step, a)]);
                string next = context.Binary("Add", context.Binary("Mul", state, decay), context.Binary("Mul", input, write));
                string[] summed = [context.Binary("Mul", next, read), context.Graph.Integers(1)];
                return (next, context.Graph.Add("ReduceSum", summed, OnnxAttribute.Of("keepdims", 0L)));
            });
        return context.Reshape(y, 0, 0, spec.Inner);
    }

    /// <summary>Splits [x | z], or [z | x] of each head.</summary>
    private static (string Values, string Gate) SplitInput(GraphContext context, MambaSpec spec, string projected)
    {
        if (spec.Heads == 0)
        {
            string[] parts = context.Split(projected, spec.Inner, spec.Inner);
            return (parts[0], parts[1]);
        }

        int size = spec.Inner / spec.Heads;
        string[] heads = context.Split(context.Reshape(projected, 0, 0, spec.Heads, 2 * size), size, size);
        return (context.Reshape(heads[1], 0, 0, spec.Inner), context.Reshape(heads[0], 0, 0, spec.Inner));
    }

    private static (string Dt, string B, string C) SplitSelection(GraphContext context, MambaSpec spec, string selected)
    {
        if (spec.Heads > 0)
        {
            string[] ofHeads = context.Split(selected, spec.StateSize, spec.StateSize, spec.Rank);
            return (ofHeads[2], ofHeads[0], ofHeads[1]);
        }

        string[] parts = context.Split(selected, spec.Rank, spec.StateSize, spec.StateSize);
        return (parts[0], parts[1], parts[2]);
    }
}
