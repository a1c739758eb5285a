using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Describes the weights of a model, and what each way to quantize them costs.</summary>
/// <example>
/// <code>
/// using GgufFile source = GgufFile.Open("model.gguf");
/// var options = new QuantizationErrorOptions { Types = [TensorType.Q4_0, TensorType.Q4_K, TensorType.Q8_0], MaxWeights = 100_000 };
/// foreach (TensorErrorReport tensor in QuantizationErrorReport.Measure(source, options).Tensors)
/// {
///     Console.WriteLine($"{tensor.Name}: {tensor.Types.MinBy(static type => type.RelativeError)}");
/// }
/// </code>
/// </example>
public sealed class QuantizationErrorReport
{
    private QuantizationErrorReport(IReadOnlyList<TensorErrorReport> tensors, int leftOut)
    {
        Tensors = tensors;
        LeftOutTensors = leftOut;
    }

    /// <summary>Gets the matrices that quantizers convert, in the order of layers.</summary>
    public IReadOnlyList<TensorErrorReport> Tensors { get; }

    /// <summary>Gets the number of tensors that quantizers leave as they are: norms, biases, and small or sensitive matrices.</summary>
    public int LeftOutTensors { get; }

    /// <summary>
    /// Quantizes each matrix of a model in every way that the options name, and measures the errors. Nothing is written. One tensor at a
    /// time is read, some rows at once, so that memory stays below 1 GB whatever the size of the model.
    /// </summary>
    /// <param name="source">The model, all of whose files are open.</param>
    /// <param name="options">What is measured.</param>
    /// <param name="progress">Receives the share of the work that is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <exception cref="ArgumentException">
    /// A type has no quantizer, a tensor has a type without kernels, or the importance matrix is of another model.
    /// </exception>
    /// <exception cref="ModelFormatException">
    /// The source is incomplete or no model, or a weight is not finite or too large for F16 scales.
    /// </exception>
    /// <exception cref="IOException">The file can't be read any more.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static QuantizationErrorReport Measure(
        GgufFile source,
        QuantizationErrorOptions options,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        TensorType[] wrong = [.. options.Types.Where(static type => TensorFormats.Find(type) is not { CanQuantize: true })];
        if (wrong is [var type, ..])
        {
            throw new ArgumentException($"there is no quantizer to {type}; use one of: {string.Join(", ", QuantizationMix.TensorTypes)}");
        }

        // The plan of a float file checks the source and the importance matrix, and orders the tensors.
        var plan = QuantizationPlan.Create(source, new QuantizationOptions
        {
            Mix = QuantizationMix.Find("F32"),
            Importance = options.Importance,
            AllowRequantize = true,
        });
        PlannedTensor[] matrices = [.. plan.Tensors.Where(static tensor => TensorRoles.CanQuantize(
            new TensorDescription(tensor.Name, tensor.OldType, tensor.Dimensions.ToArray())))];
        CheckTensors(plan, matrices);
        int[] samples = Array.ConvertAll(matrices, tensor => TensorErrors.SampleRows(tensor.Source, options.MaxWeights));
        Action<long> count = GgufCopy.Count(
            matrices.Zip(samples, static (tensor, rows) => rows * tensor.Source.Columns).Sum(), progress);
        var tensors = new TensorErrorReport[matrices.Length];
        for (int i = 0; i < tensors.Length; i++)
        {
            var errors = new TensorErrors(matrices[i].Source, samples[i], plan.ImportanceOf(matrices[i]), options);
            tensors[i] = errors.Measure(count, cancellationToken);
        }

        return new QuantizationErrorReport(tensors, plan.Tensors.Count - matrices.Length);
    }

    private static void CheckTensors(QuantizationPlan plan, PlannedTensor[] matrices)
    {
        string? problem = plan.Problems.Count > 0 ? plan.Problems[0]
            : matrices.Length == 0 ? $"{plan.Source.Path}: has no matrix of weights that a quantizer converts"
            : matrices.FirstOrDefault(static tensor => tensor.Source.Columns > QuantizationPlan.MaxColumns) is { } wide
            ? $"tensor '{wide.Name}': found rows of {wide.Source.Columns} weights, expected at most {QuantizationPlan.MaxColumns}"
            : null;
        if (problem is not null)
        {
            throw new ArgumentException(problem);
        }
    }
}
