using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// Measures on this machine how long a decoded token takes with all tensors in one type, for each type. In a mix each tensor takes the
/// share of that time that it has of the weights that a token reads.
/// </summary>
internal sealed class DecodeSpeed
{
    private const int Tokens = 16;
    private const int Repeats = 3;
    private const double NanosecondsPerSecond = 1e9;

    private readonly Dictionary<TensorType, double> _seconds = []; // of a token
    private readonly Dictionary<string, double> _shares = [];

    /// <param name="file">The file of the model.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="variants">Loads the model with other types.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    public DecodeSpeed(
        GgufFile file, IReadOnlyList<TensorCandidates> tensors, ModelVariants variants, CancellationToken cancellationToken)
    {
        double expertShare = ShareOfExperts(file.Metadata);
        bool isTied = file.FindTensor(TensorRoles.Output) is null;
        double WeightsRead(TensorCandidates tensor) => TensorRoles.Of(tensor.Name) == TensorRole.Embedding && !isTied ? 0
            : tensor.Tensor.Dimensions[2] > 1 ? tensor.Weights * expertShare
            : tensor.Weights;
        double all = tensors.Sum(WeightsRead);
        foreach (TensorCandidates tensor in tensors)
        {
            _shares[tensor.Name] = WeightsRead(tensor) / all;
        }

        foreach (TensorType type in tensors.SelectMany(static tensor => tensor.Types.Append(tensor.Tensor.Type)).Distinct())
        {
            // A tensor that can't have the type gets the one of the nearest size.
            var types = tensors.ToDictionary(static tensor => tensor.Name, tensor => Nearest(tensor, type), StringComparer.Ordinal);
            using LanguageModel model = variants.LoadForSpeed(types, cancellationToken);
            _seconds[type] = Measure(model, cancellationToken);
        }
    }

    /// <summary>Gets the nanoseconds that a tensor adds to the time of a decoded token.</summary>
    public long NanosecondsOf(TensorCandidates tensor, TensorType type) =>
        (long)Math.Ceiling(_seconds[type] * _shares[tensor.Name] * NanosecondsPerSecond);

    private static double ShareOfExperts(GgufMetadata metadata)
    {
        string architecture = metadata.GetString("general.architecture");
        double count = metadata.GetInt32($"{architecture}.expert_count", 0);
        return count > 0 ? metadata.GetInt32($"{architecture}.expert_used_count", 0) / count : 1;
    }

    private static TensorType Nearest(TensorCandidates tensor, TensorType type)
    {
        TensorType[] all = [.. tensor.Types, tensor.Tensor.Type];
        double bits = 8.0 * type.GetBlockBytes() / type.GetBlockElements();
        return all.Contains(type) ? type : all.MinBy(other => Math.Abs((8.0 * tensor.BytesOf(other) / tensor.Weights) - bits));
    }

    private static double Measure(LanguageModel model, CancellationToken cancellationToken)
    {
        using ModelSession session = model.CreateSession(
            new SessionOptions { ContextLength = (Repeats + 1) * Tokens, AllowLongContext = true });
        double best = double.PositiveInfinity;
        for (int repeat = 0; repeat <= Repeats; repeat++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int token = 0; token < Tokens; token++)
            {
                session.Forward([token % model.VocabularySize], cancellationToken);
            }

            best = repeat == 0 ? best : Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / Tokens); // the first one warms up
        }

        return best;
    }
}
