using System;
using System.Collections.Generic;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Threading;

namespace EdgeRuntime.Cli.Eval;

/// <summary>
/// Compares a model with a base, position by position: Kullback-Leibler divergence, the probability of the token of the text, the most
/// probable token. Source: llama.cpp, tools/perplexity.
/// </summary>
/// <param name="session">The session of the model.</param>
internal sealed class KlDivergence(ChunkSession session)
{
    private readonly int _vocabulary = session.Session.Model.VocabularySize;
    private readonly LogSoftmax _softmax = new(session.Session.Model.VocabularySize);
    private readonly float[] _logProbabilities = new float[session.Session.Model.VocabularySize];
    private readonly float[] _probabilities = new float[session.Session.Model.VocabularySize];
    private readonly List<double> _losses = [];
    private readonly List<double> _baseLosses = [];
    private readonly List<double> _divergences = [];
    private readonly List<double> _sameTops = [];

    /// <summary>Gets the path of the model.</summary>
    public string Path => session.Session.Model.Path;

    /// <summary>Gets the negative log-likelihood of each scored token.</summary>
    public IReadOnlyList<double> Losses => _losses;

    /// <summary>Gets the negative log-likelihood of each scored token by the base.</summary>
    public IReadOnlyList<double> BaseLosses => _baseLosses;

    /// <summary>Gets the divergence at each position.</summary>
    public IReadOnlyList<double> Divergences => _divergences;

    /// <summary>Gets 1 for each position where both have the same most probable token, otherwise 0.</summary>
    public IReadOnlyList<double> SameTops => _sameTops;

    /// <summary>Starts a chunk.</summary>
    public void Begin(int chunk, ChunkedText text, CancellationToken cancellationToken)
    {
        Forget(chunk * text.Scored); // of a chunk that was interrupted
        session.Begin(text.Input(chunk), text.First, cancellationToken);
    }

    /// <summary>Compares the next positions.</summary>
    /// <param name="reference">The base, which is at these positions.</param>
    /// <param name="count">The number of positions.</param>
    /// <param name="next">The tokens of the text after these positions.</param>
    /// <param name="cancellationToken">Cancels the pass.</param>
    public void Compare(IBaseLogits reference, int count, ReadOnlySpan<int> next, CancellationToken cancellationToken)
    {
        for (int row = 0; row < count;)
        {
            ReadOnlySpan<float> logits = session.Next(session.Session.Length + count - row, cancellationToken);
            for (; !logits.IsEmpty; logits = logits[_vocabulary..], row++)
            {
                reference.Read(row, _logProbabilities);
                Add(logits[.._vocabulary], next[row], reference.Cutoff);
            }
        }
    }

    /// <summary>Gets what <see cref="Restore"/> goes on from.</summary>
    public JsonObject Save() => new()
    {
        ["losses"] = Pack(_losses),
        ["base_losses"] = Pack(_baseLosses),
        ["divergences"] = Pack(_divergences),
        ["same_tops"] = Pack(_sameTops),
    };

    /// <summary>Goes on from a saved state.</summary>
    public void Restore(JsonNode saved)
    {
        Unpack(saved["losses"]!, _losses);
        Unpack(saved["base_losses"]!, _baseLosses);
        Unpack(saved["divergences"]!, _divergences);
        Unpack(saved["same_tops"]!, _sameTops);
    }

    /// <summary>Forgets the positions from <paramref name="count"/> on.</summary>
    public void Forget(int count)
    {
        foreach (List<double> list in (List<double>[])[_losses, _baseLosses, _divergences, _sameTops])
        {
            list.RemoveRange(count, list.Count - count);
        }
    }

    private static string Pack(List<double> values) =>
        Convert.ToBase64String(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(values)));

    private static void Unpack(JsonNode node, List<double> values)
    {
        values.Clear();
        values.AddRange(MemoryMarshal.Cast<byte, double>(Convert.FromBase64String(node.GetValue<string>())));
    }

    private void Add(ReadOnlySpan<float> logits, int token, float cutoff)
    {
        _softmax.Read(logits);
        TensorPrimitives.Exp<float>(_logProbabilities, _probabilities);
        double logSum = _softmax.Max + _softmax.LogSum;
        double divergence = 0;
        for (int i = 0; i < _probabilities.Length; i++)
        {
            if (_logProbabilities[i] > cutoff)
            {
                divergence += _probabilities[i] * (_logProbabilities[i] - (logits[i] - logSum));
            }
        }

        _divergences.Add(divergence);
        _losses.Add(_softmax.Loss(logits, token));
        _baseLosses.Add(-(double)_logProbabilities[token]);
        _sameTops.Add(TensorPrimitives.IndexOfMax(logits) == TensorPrimitives.IndexOfMax<float>(_logProbabilities) ? 1 : 0);
    }
}
