using System;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>Translates mixers with the gated delta rule.</summary>
internal sealed class DeltaRuleNodes
{
    private readonly GraphContext _context;
    private readonly Branch _branch;
    private readonly DeltaRuleParts _parts;
    private readonly DeltaRuleSpec _spec;
    private readonly long[] _heads; // two numbers with the product Heads, and those of the keys that broadcast to them
    private readonly long[] _keyHeads;

    private DeltaRuleNodes(GraphContext context, Branch branch, DeltaRuleParts parts)
    {
        (_context, _branch, _parts, _spec) = (context, branch, parts, parts.Spec);
        long shared = _spec.Heads / _spec.KeyHeads;
        _heads = _spec.IsTiled ? [shared, _spec.KeyHeads] : [_spec.KeyHeads, shared];
        _keyHeads = _spec.IsTiled ? [1, _spec.KeyHeads] : [_spec.KeyHeads, 1];
    }

    /// <summary>Adds a gated delta net.</summary>
    /// <param name="context">The context.</param>
    /// <param name="branch">The layer.</param>
    /// <param name="x">[batch, tokens, hidden].</param>
    public static string AddNet(GraphContext context, Branch branch, string x)
    {
        GatedDeltaNetParts parts = ((GatedDeltaNet)branch).Parts;
        DeltaRuleSpec spec = parts.Rule.Spec;
        string mixed = ConvolutionNodes.AddSilu(context, parts.Convolution, context.Matrices.Multiply(parts.Mixed, x));
        string gates = context.Matrices.Multiply(parts.Gate, x);
        string rates = context.Matrices.Multiply(parts.Rates, x);
        string decays;
        if (parts.Decays is null)
        {
            int shared = spec.Heads / spec.KeyHeads;
            string[] pair = context.Split(context.Reshape(rates, 0, 0, spec.KeyHeads, 2 * shared), shared, shared);
            (rates, decays) = (pair[0], context.Reshape(pair[1], 0, 0, spec.Heads));
        }
        else
        {
            decays = context.Matrices.Multiply(parts.Decays, x);
        }

        string result = new DeltaRuleNodes(context, branch, parts.Rule).Add(mixed, decays, rates, gates);
        return context.Matrices.Multiply(parts.Output, result);
    }

    /// <summary>Adds a layer of Kimi delta attention.</summary>
    /// <inheritdoc cref="AddNet" path="/param"/>
    public static string AddAttention(GraphContext context, Branch branch, string x)
    {
        DeltaAttentionParts parts = ((DeltaAttention)branch).Parts;
        string[] projected = Array.ConvertAll(parts.Mixed, matrix => context.Matrices.Multiply(matrix, x));
        string mixed = context.Concat(projected, axis: 2);
        mixed = ConvolutionNodes.AddSilu(context, parts.Convolution, mixed);
        string result = new DeltaRuleNodes(context, branch, parts.Rule).Add(
            mixed, Chain(parts.Decays), context.Matrices.Multiply(parts.Rates, x), Chain(parts.Gates));
        return context.Matrices.Multiply(parts.Output, result);

        string Chain(Projection[] matrices)
        {
            string y = x;
            foreach (Projection matrix in matrices)
            {
                y = context.Matrices.Multiply(matrix, y);
            }

            return y;
        }
    }

    /// <summary>Adds the delta rule, the norm and the gates.</summary>
    /// <param name="mixed">[batch, tokens, mixed width]: queries, keys and values.</param>
    /// <param name="decays">[batch, tokens, decay width], before their function.</param>
    /// <param name="rates">[batch, tokens, heads], before their sigmoid; the heads may be in two dimensions.</param>
    /// <param name="gates">[batch, tokens, value width], before their function.</param>
    private string Add(string mixed, string decays, string rates, string gates)
    {
        int size = _spec.HeadSize;
        string[] vectors = _context.Split(mixed, _spec.KeyWidth, _spec.KeyWidth, _spec.ValueWidth);
        string y = Scan(
            AddUnit(vectors[0], 1f / size), AddUnit(vectors[1], 1 / MathF.Sqrt(size)), vectors[2], AddDecays(decays),
            _context.Graph.Add("Sigmoid", [rates]));
        y = NormNodes.AddHeads(_context, _parts.Norm, _context.Reshape(y, 0, 0, _spec.ValueWidth), _spec.Heads, size);
        return ActivationNodes.Gate(_context, _spec.GateActivation, default, gates, y);
    }

    /// <summary>Adds S = decay S; S = S + rate k (v - S^T k)^T; y = S^T q.</summary>
    private string Scan(string query, string key, string value, string decays, string rates)
    {
        long size = _spec.HeadSize;
        var recurrence = new RecurrenceNodes(_context, _branch.Prefix);
        string queryRow = recurrence.AddInput(query, [.. _keyHeads, 1, size]);
        string keyRow = recurrence.AddInput(key, [.. _keyHeads, 1, size]);
        string keyColumn = recurrence.AddInput(key, [.. _keyHeads, size, 1]);
        string valueRow = recurrence.AddInput(value, [.. _heads, 1, size]);
        string decay = recurrence.AddInput(decays, [.. _heads, _spec.HasChannelDecays ? size : 1, 1]);
        string rate = recurrence.AddInput(rates, [.. _heads, 1, 1]);
        return recurrence.Add([.. _heads, size, size], [.. _heads, 1, size], state =>
        {
            string decayed = _context.Binary("Mul", state, decay);
            string difference = _context.Binary("Sub", valueRow, _context.Binary("MatMul", keyRow, decayed));
            string change = _context.Binary("Mul", keyColumn, _context.Binary("Mul", difference, rate));
            string next = _context.Binary("Add", decayed, change);
            return (next, _context.Binary("MatMul", queryRow, next));
        });
    }

    /// <summary>Adds the vectors of heads, scaled to a root mean square of <paramref name="scale"/>.</summary>
    private string AddUnit(string x, float scale)
    {
        var norm = new Norm(name: null, NormKind.Rms, _spec.Epsilon / _spec.HeadSize, _spec.HeadSize);
        string heads = _context.Reshape(x, 0, 0, _spec.KeyHeads, _spec.HeadSize);
        return _context.Scale(NormNodes.Add(_context, norm, heads), scale);
    }

    private string AddDecays(string x)
    {
        x = _context.Binary("Add", x, _context.Table("time.bias", _parts.TimeBias, _spec.DecayWidth));
        x = _context.Reshape(x, 0, 0, _spec.Heads, -1);
        string a = _context.Table("a", _parts.A, _spec.Heads, 1);
        if (_spec.LogDecayBound is { } bound)
        {
            x = _context.Scale(_context.Binary("Mul", x, a), _spec.HasNegativeFactors ? -1 : 1);
            x = _context.Scale(_context.Graph.Add("Sigmoid", [x]), bound);
        }
        else
        {
            x = _context.Binary("Mul", ActivationNodes.Add(_context, Activation.Softplus, x), a);
        }

        return _context.Graph.Add("Exp", [x]);
    }
}
