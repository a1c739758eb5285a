using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// Finds the mix of tensor types that changes the output of a model least within a budget. It measures the Kullback-Leibler divergence on a
/// text with one tensor in another type at a time, and solves a knapsack problem over all tensors.
/// </summary>
/// <remarks>
/// Some types of each tensor are measured, and the others are estimated from their errors on the weights. All types that a mix chooses are
/// measured before the mix is final. Measured mixes and tensors are in memory while they run, so a mix needs as much memory as its file.
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// int[] chunk = model.Tokenizer.Encode("A text like those that the model will be used for.");
/// var options = new MixSearchOptions { MeasurementsFile = "model.measurements.json" };
/// using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
/// try
/// {
///     MixPlan plan = MixSearch.Run(model, [chunk], MixBudget.OfBitsPerWeight(4.5), options, progress: null, patience.Token);
///     plan.Save("model.plan.json");
/// }
/// catch (OperationCanceledException)
/// {
///     Console.WriteLine("not ready; the next search goes on from the file of measurements");
/// }
/// </code>
/// </example>
public static class MixSearch
{
    /// <summary>Finds a mix.</summary>
    /// <param name="model">The model, on the built-in engine, as its file is.</param>
    /// <param name="chunks">
    /// The tokens of a text like those that the model is for, in chunks of one length of at least 4. The second half of each chunk counts.
    /// </param>
    /// <param name="budget">What the mix may cost.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work. What is measured so far is kept in the file of measurements.</param>
    /// <exception cref="ArgumentException">
    /// No mix is within the budget, the chunks have different lengths, or the importance matrix is of another model.
    /// </exception>
    /// <exception cref="NotSupportedException">The model runs on another engine.</exception>
    /// <exception cref="UnsupportedModelException">The model does not predict tokens.</exception>
    /// <exception cref="ModelFormatException">A file is damaged, or the measurements belong to something else.</exception>
    /// <exception cref="IOException">A file can't be read or written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static MixPlan Run(
        LanguageModel model,
        IReadOnlyList<int[]> chunks,
        MixBudget budget,
        MixSearchOptions? options = null,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(budget);
        CheckChunks(chunks);
        options ??= new MixSearchOptions();
        ModelVariants.CheckEngine(model);
        using GgufFile file = GgufFile.Open(model.Path);
        var plan = QuantizationPlan.Create(file, new QuantizationOptions
        {
            Mix = QuantizationMix.Find("Q8_0"),
            Importance = options.Importance,
            AllowRequantize = true,
        });
        if (plan.Problems.Count > 0)
        {
            throw new ArgumentException(plan.Problems[0], nameof(options));
        }

        var measurements = MixMeasurements.Open(
            options.MeasurementsFile, MixMeasurements.Fingerprint(file, chunks, options.Importance));
        try
        {
            return new MixChooser(model, plan, chunks, measurements, options, cancellationToken).Run(budget, progress);
        }
        finally
        {
            measurements.Save();
        }
    }

    private static void CheckChunks(IReadOnlyList<int[]> chunks)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        if (chunks.Count == 0 || chunks[0].Length < 4 || chunks.Any(chunk => chunk.Length != chunks[0].Length))
        {
            throw new ArgumentException("expected one or more chunks of the same length, which is 4 or more tokens", nameof(chunks));
        }
    }
}
