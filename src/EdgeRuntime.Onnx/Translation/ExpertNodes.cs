using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// Translates experts. The pairs of row and expert are sorted by expert and split among the experts, so an expert computes its own rows
/// only. Each row adds the results of its pairs.
/// </summary>
internal sealed class ExpertNodes
{
    private const float LeastSum = 6.103515625e-5f; // the smallest normal float16

    private readonly GraphContext _context;
    private readonly Experts _experts;
    private readonly ExpertsParts _parts;
    private readonly ExpertSpec _spec;

    private ExpertNodes(GraphContext context, Experts experts)
    {
        _context = context;
        _experts = experts;
        _parts = experts.Parts;
        _spec = _parts.Spec;
    }

    private OnnxGraph Graph => _context.Graph;

    /// <summary>Adds experts.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The experts.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string Add(GraphContext context, Branch branch, string x)
    {
        var experts = (Experts)branch;
        if (!context.Profile.SplitsRows)
        {
            throw context.Model.Refuse(branch.Prefix, "a layer of experts");
        }

        return new ExpertNodes(context, experts).Add(x);
    }

    /// <summary>Adds y + scale * chunks(y) with y = experts(x).</summary>
    /// <inheritdoc cref="Add(GraphContext, Branch, string)" path="/param"/>
    public static string AddChunked(GraphContext context, Branch branch, string x)
    {
        ChunkedExpertsParts parts = ((ChunkedExperts)branch).Parts;
        context.EarlyScores[parts.Chunks] = Score(context, parts.Chunks, x);
        string y = Add(context, parts.Experts, x);
        return context.Binary("Add", y, context.Scale(Add(context, parts.Chunks, y), parts.Scale));
    }

    /// <summary>Adds Up norm(experts(Down x)) + shared(x).</summary>
    /// <inheritdoc cref="Add(GraphContext, Branch, string)" path="/param"/>
    public static string AddLatent(GraphContext context, Branch branch, string x)
    {
        var latent = (LatentExperts)branch;
        LatentExpertsParts parts = latent.Parts;
        context.EarlyScores[parts.Experts] = Score(context, parts.Experts, x);
        string result = Add(context, parts.Experts, context.Matrices.Multiply(parts.Down, x));
        result = context.Matrices.Multiply(parts.Up, NormNodes.Add(context, latent.Norm, result));
        return parts.Shared is null ? result : context.Binary("Add", result, FeedForwardNodes.Add(context, parts.Shared, x));
    }

    /// <summary>Adds the scores of experts, [rows, scores].</summary>
    /// <param name="context">The context.</param>
    /// <param name="experts">The experts.</param>
    /// <param name="x">[batch, tokens, width of the router's input].</param>
    public static string Score(GraphContext context, Experts experts, string x)
    {
        Projection router = experts.Parts.Router;
        return context.Matrices.Multiply(router, context.Reshape(x, -1, router.Columns), isRows: true);
    }

    private string Add(string x)
    {
        string rows = _context.Reshape(x, -1, _parts.Up[0].Columns);
        string scores = _experts.HasEarlyScores ? _context.EarlyScores[_experts] : Score(_context, _experts, x);
        (string chosen, string weights) = Choose(scores);
        string result = Combine(rows, chosen, weights);
        result = _context.Scale(result, _experts.ResidualScale);
        if (_parts.Shared is not null)
        {
            string shared = FeedForwardNodes.Add(_context, _parts.Shared, rows, isRows: true);
            if (_parts.SharedGate is not null)
            {
                string gate = Graph.Add("Sigmoid", [_context.Matrices.Multiply(_parts.SharedGate, rows, isRows: true)]);
                shared = _context.Binary("Mul", shared, gate);
            }

            result = _context.Binary("Add", result, _context.Scale(shared, _experts.ResidualScale));
        }

        return Graph.Add("Reshape", [result, Graph.Add("Shape", [x])]);
    }

    /// <summary>Adds the choice of experts: their indices and weights, [rows, used] each.</summary>
    private (string Chosen, string Weights) Choose(string scores)
    {
        string probabilities = _spec.Gating switch
        {
            ExpertGating.Softmax => Graph.Add("Softmax", [scores], OnnxAttribute.Of("axis", -1L)),
            ExpertGating.Sigmoid => Graph.Add("Sigmoid", [scores]),
            ExpertGating.SqrtSoftplus => Graph.Add("Sqrt", [Graph.Add("Softplus", [scores])]),
            _ => scores,
        };
        string keys = _spec.ChoosesByScores ? scores
            : _parts.Bias is null ? probabilities
            : _context.Binary("Add", probabilities, _context.Table("expert.bias", _parts.Bias, _spec.ScoreCount));
        keys = _spec.Groups > 1 ? MaskGroups(keys) : keys;
        string chosen = TopK(keys, _spec.Used);
        chosen = _spec.ScoresOfExpert == 1 ? chosen : _context.Binary("Div", chosen, Graph.Integer(_spec.ScoresOfExpert));
        string weights = Graph.Add("GatherElements", [probabilities, chosen], OnnxAttribute.Of("axis", -1L));
        if (_spec.Gating == ExpertGating.SoftmaxOfChosen)
        {
            weights = Graph.Add("Softmax", [weights], OnnxAttribute.Of("axis", -1L));
        }

        if (_spec.Normalizes)
        {
            string sum = Graph.Add("ReduceSum", [weights, Graph.Integers(-1)]);
            weights = _context.Binary("Div", weights, _context.Binary("Max", sum, _context.Number(LeastSum)));
        }

        return (chosen, _context.Scale(weights, _spec.Scale));
    }

    /// <summary>Adds the choice of groups by the sums of their two best keys; keys of other groups become the least number.</summary>
    private string MaskGroups(string keys)
    {
        int size = _spec.ScoreCount / _spec.Groups;
        string groups = _context.Reshape(keys, -1, _spec.Groups, size);
        string values = Graph.NewName("best");
        Graph.Add("TopK", [groups, Graph.Integers(2)], [values, Graph.NewName("best.index")], OnnxAttribute.Of("axis", -1L));
        string sums = Graph.Add("ReduceSum", [values, Graph.Integers(-1)], OnnxAttribute.Of("keepdims", 0L));
        string used = Scatter(sums, TopK(sums, _spec.GroupsUsed));
        string isUsed = Graph.Add("Unsqueeze", [_context.Binary("Greater", used, _context.Number(0)), Graph.Integers(2)]);
        string masked = Graph.Add("Where", [isUsed, groups, _context.Number(_context.LeastNumber)]);
        return _context.Reshape(masked, -1, _spec.ScoreCount);
    }

    private string TopK(string x, int count)
    {
        string name = Graph.NewName("top");
        Graph.Add("TopK", [x, Graph.Integers(count)], [$"{name}.values", name], OnnxAttribute.Of("axis", -1L));
        return name;
    }

    /// <summary>
    /// Adds zeros in the shape of x, with ones, or the sums of values, at indices of the last dimension. An expert with several scores may
    /// be chosen several times.
    /// </summary>
    private string Scatter(string x, string indices, string? values = null)
    {
        string zeros = _context.Binary("Sub", x, x);
        string reduction = values is null ? "none" : "add";
        values ??= Graph.Add("Expand", [_context.Number(1), Graph.Add("Shape", [indices])]);
        return Graph.Add(
            "ScatterElements", [zeros, indices, values], OnnxAttribute.Of("axis", -1L), OnnxAttribute.Of("reduction", reduction));
    }

    private string Combine(string rows, string chosen, string weights)
    {
        string zeros = Graph.Add("Expand", [_context.Number(0), RowsByExperts(rows)]);
        string mask = Transpose(Scatter(zeros, chosen));
        string pairs = Transpose(Graph.Add("NonZero", [mask]));
        string row = Graph.Add("Gather", [pairs, Graph.Integer(1)], OnnxAttribute.Of("axis", 1L));
        string inputs = Graph.Add("Gather", [rows, row]);
        if (_spec.WeighsInput)
        {
            string weight = Graph.Add("GatherND", [Transpose(Scatter(zeros, chosen, weights)), pairs]);
            inputs = _context.Binary("Mul", inputs, Graph.Add("Unsqueeze", [weight, Graph.Integers(1)]));
        }

        // Each row reads its results. Results that add to their rows (ScatterND) lose sums of other threads on the CPU provider.
        string results = Graph.Add("Gather", [Compute(inputs, mask), PairsOf(rows, chosen, mask)]);
        results = _spec.WeighsInput
            ? results
            : _context.Binary("Mul", results, Graph.Add("Unsqueeze", [weights, Graph.Integers(-1)]));
        return Graph.Add("ReduceSum", [results, Graph.Integers(1)], OnnxAttribute.Of("keepdims", 0L));
    }

    /// <summary>Adds the place of each row's chosen experts among the pairs, [rows, used].</summary>
    private string PairsOf(string rows, string chosen, string mask)
    {
        string count = Graph.Add("Gather", [Graph.Add("Shape", [rows]), Graph.Integer(0)]);
        string row = Graph.Add("Range", [Graph.Integer(0), count, Graph.Integer(1)]);
        string cell = _context.Binary(
            "Add", _context.Binary("Mul", chosen, count), Graph.Add("Unsqueeze", [row, Graph.Integers(1)]));
        string isPair = _context.ToInt64(_context.Reshape(mask, -1));
        string pair = _context.Binary("Sub", Graph.Add("CumSum", [isPair, Graph.Integer(0)]), Graph.Integer(1));
        return Graph.Add("Gather", [pair, cell]);
    }

    private string Transpose(string x) => Graph.Add("Transpose", [x], OnnxAttribute.Of("perm", [1L, 0L]));

    /// <summary>Adds the experts, each with the rows of its pairs.</summary>
    private string Compute(string inputs, string mask)
    {
        string sums = Graph.Add("ReduceSum", [mask, Graph.Integers(1)], OnnxAttribute.Of("keepdims", 0L));
        string counts = Graph.Add("Cast", [sums], OnnxAttribute.Of("to", (long)ElementKind.Int64));
        string name = Graph.NewName("expert");
        string[] parts = [.. Enumerable.Range(0, _spec.Count).Select(expert => $"{name}.{expert}")];
        Graph.Add("Split", [inputs, counts], parts, OnnxAttribute.Of("axis", 0L));
        string[] results = [.. parts.Select(Expert)];
        return Graph.Add("Concat", results, OnnxAttribute.Of("axis", 0L));
    }

    private string Expert(string x, int expert)
    {
        string up = _context.Matrices.Multiply(_parts.Up[expert], x, isRows: true);
        Activation activation = _parts.Activation;
        string inner = _spec.HasGate
            ? ActivationNodes.Gate(_context, activation, _spec.Limit, _context.Matrices.Multiply(_parts.Gate[expert], x, isRows: true), up)
            : ActivationNodes.Add(_context, activation, up);
        return _context.Matrices.Multiply(_parts.Down[expert], inner, isRows: true);
    }

    /// <summary>Adds the shape [rows, experts].</summary>
    private string RowsByExperts(string rows)
    {
        string count = Graph.Add("Gather", [Graph.Add("Shape", [rows]), Graph.Integers(0)]);
        return Graph.Add("Concat", [count, Graph.Integers(_spec.Count)], OnnxAttribute.Of("axis", 0L));
    }
}
