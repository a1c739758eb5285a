using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates convolutions along the sequence. Their state is the last inputs.</summary>
internal static class ConvolutionNodes
{
    /// <summary>Adds a short convolution between gates.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The short convolution.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string AddShort(GraphContext context, Branch branch, string x)
    {
        ShortConvolutionParts parts = ((ShortConvolution)branch).Parts;
        int hidden = parts.Output.Columns;
        string[] gates = context.Split(context.Matrices.Multiply(parts.Input, x), hidden, hidden, hidden);
        string result = Add(context, parts.Convolution, context.Binary("Mul", gates[0], gates[2]));
        return context.Matrices.Multiply(parts.Output, context.Binary("Mul", gates[1], result));
    }

    /// <summary>Adds silu(convolution(x)).</summary>
    /// <inheritdoc cref="Add" path="/param"/>
    public static string AddSilu(GraphContext context, CausalConvolution convolution, string x) =>
        ActivationNodes.Add(context, Activation.Silu, Add(context, convolution, x));

    /// <summary>Adds a convolution.</summary>
    /// <param name="context">The context.</param>
    /// <param name="convolution">The convolution.</param>
    /// <param name="x">[batch, tokens, channels].</param>
    private static string Add(GraphContext context, CausalConvolution convolution, string x)
    {
        CausalConvolutionParts parts = convolution.Parts;
        string weights = context.Table("convolution.weight", parts.Weights, parts.Taps, parts.Channels);
        string inputs = parts.Taps == 1 ? x : AddPast(context, parts, x);
        string sum = "";
        for (int tap = 0; tap < parts.Taps; tap++)
        {
            string input = parts.Taps == 1 ? x : Slice(context, inputs, tap, tap - parts.Taps + 1);
            string product = context.Binary("Mul", input, context.Graph.Add("Gather", [weights, context.Graph.Integer(tap)]));
            sum = tap == 0 ? product : context.Binary("Add", sum, product);
        }

        return parts.Bias is null ? sum : context.Binary("Add", sum, context.Table("convolution.bias", parts.Bias, parts.Channels));
    }

    /// <summary>Adds the last inputs before those of the pass, [batch, taps - 1 + tokens, channels], and keeps the last ones.</summary>
    private static string AddPast(GraphContext context, CausalConvolutionParts parts, string x)
    {
        (string past, string present) = context.AddState(context.Floats, parts.Taps - 1, parts.Channels);
        string inputs = context.Graph.Add("Concat", [past, x], OnnxAttribute.Of("axis", 1L));
        context.Graph.Rename(Slice(context, inputs, 1 - parts.Taps, 0), present);
        return inputs;
    }

    /// <summary>Adds the tokens from an index to another one; negative indices count from the end, and an end of 0 is the end.</summary>
    private static string Slice(GraphContext context, string x, int start, int end) => context.Graph.Add(
        "Slice",
        [x, context.Graph.Integers(start), context.Graph.Integers(end == 0 ? long.MaxValue : end), context.Graph.Integers(1)]);
}
