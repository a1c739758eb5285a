using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// Measures how much the output of a model changes with one tensor in another type, and estimates what is not measured from the errors of
/// the types on the weights.
/// </summary>
/// <param name="tensors">The tensors.</param>
/// <param name="variants">Loads the model with other types.</param>
/// <param name="reference">The output of the model as it is.</param>
/// <param name="measurements">Keeps what is measured.</param>
/// <param name="costOf">Gets what a budget counts for a tensor in a type.</param>
/// <param name="threads">The number of threads.</param>
internal sealed class TensorSurvey(
    IReadOnlyList<TensorCandidates> tensors,
    ModelVariants variants,
    ReferenceLogits reference,
    MixMeasurements measurements,
    Func<TensorCandidates, TensorType, long> costOf,
    int threads)
{
    /// <summary>The weights of a tensor on which the error of a type is measured.</summary>
    private const int SampleWeights = 1 << 18;

    /// <summary>The least share of a measured divergence that is put down to the weights instead of the activations.</summary>
    private const double LeastWeightShare = 0.05;

    private double _activations;

    /// <summary>Measures the errors of all types, and the divergences of some types of each tensor.</summary>
    public void Run(Action<double> progress, CancellationToken cancellationToken)
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            progress(0.2 * i / tensors.Count);
            MeasureErrors(tensors[i], cancellationToken);
        }

        // Rounded activations cost about the same in all types. In types of 8 bits they are nearly all of the divergence.
        _activations = MeasureMix(
            tensors.ToDictionary(static tensor => tensor.Name, static tensor => tensor.LargestQuantized, StringComparer.Ordinal),
            cancellationToken);
        for (int i = 0; i < tensors.Count; i++)
        {
            progress(0.2 + (0.8 * i / tensors.Count));
            foreach (TensorType type in tensors[i].Anchors)
            {
                Measure(tensors[i], type, cancellationToken);
            }
        }
    }

    /// <summary>Gets whether the divergence of a tensor in a type is measured, and not an estimate.</summary>
    public bool IsMeasured(TensorCandidates tensor, TensorType type) =>
        type == tensor.Tensor.Type || measurements.Divergences.ContainsKey((tensor.Name, type));

    /// <summary>Measures the divergence with only one tensor in another type.</summary>
    public void Measure(TensorCandidates tensor, TensorType type, CancellationToken cancellationToken) =>
        measurements.GetOrAdd(measurements.Divergences, (tensor.Name, type), () => Compare(
            new Dictionary<string, TensorType> { [tensor.Name] = type }, cancellationToken));

    /// <summary>Measures the divergence of a mix.</summary>
    public double MeasureMix(IReadOnlyDictionary<string, TensorType> types, CancellationToken cancellationToken)
    {
        string key = string.Join(',', tensors.Select(tensor => types[tensor.Name]));
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        return measurements.GetOrAdd(measurements.Mixes, hash[..32], () => Compare(types, cancellationToken));
    }

    /// <summary>Gets the divergence that a tensor adds in each of its types and, last, in its present type.</summary>
    public double[] Predict(TensorCandidates tensor)
    {
        double activations = _activations * tensor.Weights / tensors.Sum(static other => other.Weights);
        double OfActivations(TensorType type) => TensorCandidates.IsQuantized(type) ? activations : 0;
        double OfWeights(TensorType type)
        {
            double measured = measurements.Divergences[(tensor.Name, type)];
            return Math.Max(measured - OfActivations(type), measured * LeastWeightShare);
        }

        var curve = new DivergenceCurve(tensor.Types.Where(type => IsMeasured(tensor, type))
            .Select(type => (ErrorOf(tensor, type), OfWeights(type)))
            .Where(static anchor => anchor.Item1 > 0 && anchor.Item2 > 0));
        return
        [
            .. tensor.Types.Select(type =>
                OfActivations(type) + (IsMeasured(tensor, type) ? Math.Max(OfWeights(type), 0) : curve.Estimate(ErrorOf(tensor, type)))),
            0,
        ];
    }

    private void MeasureErrors(TensorCandidates tensor, CancellationToken cancellationToken)
    {
        long count = Math.Clamp(SampleWeights / tensor.Tensor.Columns, 1, tensor.Tensor.Rows);
        long[] rows = [.. Enumerable.Range(0, (int)count).Select(index => index * tensor.Tensor.Rows / count)];
        foreach (TensorType type in tensor.Types)
        {
            measurements.GetOrAdd(measurements.Errors, (tensor.Name, type), () =>
                new TensorRows(tensor.Tensor, type, tensor.Importance).MeasureError(rows, threads, cancellationToken));
        }

        tensor.RemoveWorse(type => costOf(tensor, type), type => ErrorOf(tensor, type));
    }

    private double ErrorOf(TensorCandidates tensor, TensorType type) => measurements.Errors[(tensor.Name, type)];

    private double Compare(IReadOnlyDictionary<string, TensorType> types, CancellationToken cancellationToken)
    {
        using LanguageModel variant = variants.Load(types, cancellationToken);
        return reference.Compare(variant, cancellationToken);
    }
}
