using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tuning;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// Measures on this machine how long a decoded token takes with all matrices in one type, for each type. In a mix each tensor takes the
/// share of that time that it has of the weights that a token reads.
/// </summary>
internal sealed class DecodeSpeed
{
    /// <summary>The tokens before the measured ones. Their middle is that of the 128 tokens that 'edgert bench' decodes.</summary>
    private const int Depth = 48;

    private const int Tokens = 32;
    private const int LeastRounds = 3;
    private const int MostRounds = 25;

    /// <summary>The time that the rounds of small models take together, so that a short disturbance does not count.</summary>
    private const double EnoughSeconds = 0.5;

    private readonly GgufTensor[] _matrices;
    private readonly double _expertShare;
    private readonly bool _isTied;

    /// <param name="file">The file of the model.</param>
    public DecodeSpeed(GgufFile file)
    {
        _matrices = [.. file.Tensors.Where(static tensor => TensorRoles.CanQuantize(TensorDescription.Of(tensor)))];
        _expertShare = ShareOfExperts(file.Metadata);
        _isTied = file.FindTensor(TensorRoles.Output) is null;
        WeightsPerToken = _matrices.Sum(WeightsRead);
    }

    /// <summary>Gets the number of weights of matrices that a decoded token reads.</summary>
    public double WeightsPerToken { get; }

    /// <summary>Gets the number of weights of a tensor that a decoded token reads.</summary>
    public double WeightsRead(GgufTensor tensor) => TensorRoles.Of(tensor.Name) == TensorRole.Embedding && !_isTied ? 0
        : tensor.Dimensions[2] > 1 ? tensor.Rows * tensor.Columns * _expertShare
        : tensor.Rows * tensor.Columns;

    /// <summary>Measures the seconds of a decoded token for each type.</summary>
    public IReadOnlyDictionary<TensorType, double> Measure(
        LanguageModel model, int threads, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        var variants = new ModelVariants(model, Alike, threads);
        TensorType[] types = [.. MeasuredTypes()];
        var seconds = new Dictionary<TensorType, double>();
        foreach (TensorType type in types)
        {
            progress?.Report((float)seconds.Count / types.Length);
            var chosen = _matrices.ToDictionary(
                static tensor => tensor.Name, tensor => type == tensor.Type ? type : Nearest(tensor, type), StringComparer.Ordinal);
            seconds[type] = MeasureToken(variants, chosen, cancellationToken);
        }

        return seconds;
    }

    /// <summary>Measures the seconds of a decoded token of a mix.</summary>
    public static double MeasureMix(
        LanguageModel model, IReadOnlyDictionary<string, TensorType> types, int threads, CancellationToken cancellationToken) =>
        MeasureToken(new ModelVariants(model, Alike, threads), types, cancellationToken);

    /// <summary>The importance does not matter for the speed, but some types need one.</summary>
    private static ReadOnlyMemory<float> Alike(GgufTensor tensor)
    {
        float[] ones = new float[tensor.Columns * tensor.Dimensions[2] * tensor.Dimensions[3]];
        Array.Fill(ones, 1);
        return ones;
    }

    /// <summary>Measures the seconds of a decoded token: the median, as a benchmark reports it.</summary>
    private static double MeasureToken(
        ModelVariants variants, IReadOnlyDictionary<string, TensorType> types, CancellationToken cancellationToken)
    {
        using LanguageModel model = variants.LoadForSpeed(types, cancellationToken);
        double[] seconds = Measure(LeastRounds);
        double round = Tokens * seconds.Average();
        if (LeastRounds * round < EnoughSeconds)
        {
            seconds = Measure((int)Math.Min(MostRounds, EnoughSeconds / round));
        }

        Array.Sort(seconds);
        return seconds[seconds.Length / 2];

        double[] Measure(int rounds) => Array.ConvertAll(
            TurnTime.MeasureRounds(model.Engine, Depth, Tokens, rounds, cancellationToken), static time => time.Token);
    }

    /// <summary>
    /// Gets the types of the model, and those of at most 8 bits or that size. Larger ones could take more memory than the machine has.
    /// </summary>
    private IEnumerable<TensorType> MeasuredTypes()
    {
        TensorType[] present = [.. _matrices.Select(static tensor => tensor.Type).Distinct()];
        double most = present.Append(TensorType.Q8_0).Max(BitsOf);
        return QuantizationMix.TensorTypes.Where(type => type is not (TensorType.F32 or TensorType.BF16) && BitsOf(type) <= most)
            .Union(present);
    }

    private static double ShareOfExperts(GgufMetadata metadata)
    {
        string architecture = metadata.GetString("general.architecture");
        double count = metadata.GetInt32($"{architecture}.expert_count", 0);
        return count > 0 ? metadata.GetInt32($"{architecture}.expert_used_count", 0) / count : 1;
    }

    /// <summary>Gets the type, or that of the nearest size if its blocks do not divide the rows.</summary>
    private static TensorType Nearest(GgufTensor tensor, TensorType type) => QuantizationMix.TensorTypes
        .Where(other => TypeChooser.Fits(other, tensor.Columns))
        .MinBy(other => (other != type, Math.Abs(BitsOf(other) - BitsOf(type))));

    private static double BitsOf(TensorType type) => 8.0 * type.GetBlockBytes() / type.GetBlockElements();
}
