using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates activation functions and gates.</summary>
internal static class ActivationNodes
{
    private const float OpenAiSlope = 1.702f;

    /// <summary>Adds an activation function.</summary>
    public static string Add(GraphContext context, Activation activation, string x)
    {
        OnnxGraph graph = context.Graph;
        switch (activation)
        {
            case Activation.Silu:
                return context.Binary("Mul", x, graph.Add("Sigmoid", [x]));
            case Activation.Gelu:
                return graph.Add("FastGelu", [x]);
            case Activation.Relu:
                return graph.Add("Relu", [x]);
            case Activation.ReluSquared:
                string positive = graph.Add("Relu", [x]);
                return context.Binary("Mul", positive, positive);
            case Activation.Sigmoid:
                return graph.Add("Sigmoid", [x]);
            case Activation.Softplus:
                return graph.Add("Softplus", [x]);
            case Activation.Exp:
                return graph.Add("Exp", [x]);
            default:
                throw context.Model.Refuse(null, $"the activation function {activation}");
        }
    }

    /// <summary>Adds the function xIELU.</summary>
    public static string Add(GraphContext context, Xielu function, string x)
    {
        OnnxGraph graph = context.Graph;
        string square = context.Scale(context.Binary("Mul", x, x), function.Positive);
        string exponential = graph.Add("Exp", [context.Binary("Min", x, context.Number(function.Bound))]);
        string negative = context.Binary("Sub", context.Binary("Sub", exponential, context.Number(1)), x);
        string isPositive = context.Binary("Greater", x, context.Number(0));
        string curve = graph.Add("Where", [isPositive, square, context.Scale(negative, function.Negative)]);
        return context.Binary("Add", curve, context.Scale(x, function.Linear));
    }

    /// <summary>Adds act(gate) * up within limits.</summary>
    public static string Gate(GraphContext context, Activation activation, GateLimit limit, string gate, string up)
    {
        switch (limit.Kind)
        {
            case GateLimitKind.None:
                return context.Binary("Mul", Add(context, activation, gate), up);
            case GateLimitKind.Gate:
                return context.Binary("Mul", Add(context, activation, Least(context, gate, limit.Limit)), Clip(context, up, limit.Limit));
            case GateLimitKind.ActivatedGate:
                return context.Binary("Mul", Least(context, Add(context, activation, gate), limit.Limit), Clip(context, up, limit.Limit));
            case GateLimitKind.Soft:
                string capped = context.Binary("Mul", Cap(context, gate, limit.Limit), context.Graph.Add("Sigmoid", [gate]));
                return context.Binary("Mul", capped, limit.UpLimit > 0 ? Cap(context, up, limit.UpLimit) : up);
            case GateLimitKind.OpenAi:
                string least = Least(context, gate, limit.Limit);
                string sigmoid = context.Graph.Add("Sigmoid", [context.Scale(least, OpenAiSlope)]);
                string factor = context.Binary("Add", Clip(context, up, limit.Limit), context.Number(1));
                return context.Binary("Mul", context.Binary("Mul", least, sigmoid), factor);
            default:
                throw context.Model.Refuse(null, $"the limit {limit.Kind} of gates");
        }
    }

    /// <summary>Adds limit * tanh(x / limit); none with 0.</summary>
    public static string Cap(GraphContext context, string x, float limit) => limit == 0
        ? x
        : context.Scale(context.Graph.Add("Tanh", [context.Binary("Div", x, context.Number(limit))]), limit);

    /// <summary>Adds a bound of magnitudes; none with 0.</summary>
    public static string Clip(GraphContext context, string x, float limit) => limit == 0
        ? x
        : context.Graph.Add("Clip", [x, context.Number(-limit), context.Number(limit)]);

    private static string Least(GraphContext context, string x, float limit) => context.Binary("Min", x, context.Number(limit));
}
