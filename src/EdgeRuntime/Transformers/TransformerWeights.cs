using System;
using System.Linq;
using System.Threading;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Transformers;

/// <summary>All weights of a transformer, packed or to be packed when they are used. Owns them. Shared by all sessions.</summary>
internal sealed class TransformerWeights : IDisposable
{
    private readonly IDisposable? _panels;
    private readonly Projection[] _projections;

    private TransformerWeights(EmbeddingTable embedding, LayerWeights[] layers, NativeBuffer outputNorm, Projection output, IDisposable? panels)
    {
        Embedding = embedding;
        Layers = layers;
        OutputNorm = outputNorm;
        Output = output;
        _panels = panels;
        _projections = [.. layers.SelectMany(static layer => layer.Projections), output];
        IsPacked = Array.TrueForAll(_projections, static projection => projection.Unpacked is null);
    }

    public EmbeddingTable Embedding { get; }

    public LayerWeights[] Layers { get; }

    /// <summary>[hidden].</summary>
    public NativeBuffer OutputNorm { get; }

    /// <summary>[vocabulary, hidden]; packed from the embedding where the file ties them.</summary>
    public Projection Output { get; }

    public int Vocabulary => Output.Rows;

    /// <summary>Bytes of packed matrices.</summary>
    public long ByteSize => _projections.Sum(static projection => projection.Matrix.ByteSize);

    /// <summary>Most bytes of scratch that any matrix needs a thread, from now on.</summary>
    public long ScratchBytes => _projections.Max(static projection => projection.ScratchBytes);

    /// <summary>Whether all matrices are packed, as far as <see cref="BeginPass"/> has seen.</summary>
    public bool IsPacked { get; private set; }

    /// <summary>Checks all shapes, then gives the matrices their panels or leaves them to be packed; nothing is kept where a tensor is refused.</summary>
    public static TransformerWeights Load(ModelSource source, TransformerSpec spec, WeightPacker packer)
    {
        var embedding = source.MatrixWithAnyRows("token_embd.weight", spec.Hidden);
        int vocabulary = (int)embedding.Rows;
        try
        {
            var layers = new LayerWeights[spec.Layers];
            for (int layer = 0; layer < layers.Length; layer++)
            {
                layers[layer] = LoadLayer(spec, packer, $"blk.{layer}");
            }

            Projection output = source.Find("output.weight") is null
                ? packer.Add("token_embd", vocabulary, spec.Hidden)
                : packer.Add("output", vocabulary, spec.Hidden);
            NativeBuffer outputNorm = packer.AddVector("output_norm.weight", spec.Hidden);
            var table = new EmbeddingTable(embedding);
            return new TransformerWeights(table, layers, outputNorm, output, packer.PackAll());
        }
        catch
        {
            packer.DisposeAll();
            throw;
        }
    }

    /// <summary>Packs what is not packed yet, a layer's worth at a time: passes get in between, and what was done is kept.</summary>
    /// <inheritdoc cref="PackingWork.Run" path="/exception"/>
    public void Pack(WorkerPool team, CancellationToken cancellationToken)
    {
        foreach (LayerWeights layer in Layers)
        {
            PackingWork.Run(team, layer.Projections, progress: null, cancellationToken);
        }

        PackingWork.Run(team, [Output], progress: null, cancellationToken);
    }

    /// <summary>To be called before each pass, by one thread, while nobody multiplies: matrices come nearer to being packed.</summary>
    public void BeginPass()
    {
        if (IsPacked)
        {
            return;
        }

        foreach (Projection projection in _projections)
        {
            if (projection.Unpacked?.FinishPass() == true)
            {
                projection.Unpacked = null;
            }
        }

        IsPacked = Array.TrueForAll(_projections, static projection => projection.Unpacked is null);
    }

    /// <summary>Chooses other kernels for all matrices; see <see cref="PackedMatrix.UseKernels"/>.</summary>
    public void UseKernels(InstructionSet prefill, InstructionSet decode) =>
        Array.ForEach(_projections, projection => projection.Matrix.UseKernels(prefill, decode));

    public void Dispose()
    {
        foreach (LayerWeights layer in Layers)
        {
            layer.Dispose();
        }

        OutputNorm.Dispose();
        Output.Dispose();
        _panels?.Dispose();
    }

    private static LayerWeights LoadLayer(TransformerSpec spec, WeightPacker packer, string prefix) => new()
    {
        AttentionNorm = packer.AddVector($"{prefix}.attn_norm.weight", spec.Hidden),
        Query = packer.Add($"{prefix}.attn_q", spec.QueryWidth, spec.Hidden),
        Key = packer.Add($"{prefix}.attn_k", spec.KeyWidth, spec.Hidden),
        Value = packer.Add($"{prefix}.attn_v", spec.ValueWidth, spec.Hidden),
        Output = packer.Add($"{prefix}.attn_output", spec.Hidden, spec.AttentionWidth),
        FeedForwardNorm = packer.AddVector($"{prefix}.ffn_norm.weight", spec.Hidden),
        Gate = packer.Add($"{prefix}.ffn_gate", spec.FeedForward, spec.Hidden, BiasOrder.BeforeScale),
        Up = packer.Add($"{prefix}.ffn_up", spec.FeedForward, spec.Hidden, BiasOrder.BeforeScale),
        Down = packer.Add($"{prefix}.ffn_down", spec.Hidden, spec.FeedForward, BiasOrder.BeforeScale),
    };
}
