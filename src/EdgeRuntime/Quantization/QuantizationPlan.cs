using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>Describes a file before it is made: the type and the size of each tensor, and what stands in the way.</summary>
/// <example>
/// <code>
/// using GgufFile file = GgufFile.Open("model.gguf");
/// var options = new QuantizationOptions { Mix = QuantizationMix.Find("Q4_K_M"), AllowRequantize = true };
/// QuantizationPlan plan = QuantizationPlan.Create(file, options);
/// foreach (PlannedTensor tensor in plan.Tensors)
/// {
///     Console.WriteLine($"{tensor.Name}: {tensor.OldType} becomes {tensor.NewType}");
/// }
/// </code>
/// </example>
public sealed class QuantizationPlan
{
    /// <summary>The largest accepted row: 128 MiB of float32, far above the rows of any model.</summary>
    internal const long MaxColumns = 1 << 25;

    private readonly QuantizationOptions _options;

    private QuantizationPlan(
        GgufFile source,
        QuantizationOptions options,
        IReadOnlyList<PlannedTensor> tensors,
        IReadOnlyList<TensorTypePattern> unusedPatterns)
    {
        Source = source;
        _options = options;
        Tensors = tensors;
        UnusedPatterns = unusedPatterns;
        Problems = [.. FindProblems()];
    }

    /// <summary>Gets the file type.</summary>
    public QuantizationMix Mix => _options.Mix;

    /// <summary>Gets the tensors in the order of the new file.</summary>
    public IReadOnlyList<PlannedTensor> Tensors { get; }

    /// <summary>Gets the reasons why the file can't be made, one line each; none if it can.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>
    /// Gets the patterns of <see cref="QuantizationOptions.TensorTypes"/> that decide the type of no tensor: no tensor that can be
    /// quantized matches, or an earlier pattern matches too.
    /// </summary>
    public IReadOnlyList<TensorTypePattern> UnusedPatterns { get; }

    /// <summary>Gets the number of bytes of all tensors in the source.</summary>
    public long OldBytes => Tensors.Sum(static tensor => tensor.OldBytes);

    /// <summary>Gets the number of bytes of all tensors in the new file.</summary>
    public long NewBytes => Tensors.Sum(static tensor => tensor.NewBytes);

    /// <summary>Gets the number of weights.</summary>
    public long Weights => Tensors.Sum(static tensor => tensor.Source.Rows * tensor.Source.Columns);

    internal GgufFile Source { get; }

    /// <summary>Plans a file.</summary>
    /// <param name="source">The model, all of whose files are open.</param>
    /// <param name="options">The file type and the exceptions from it.</param>
    /// <exception cref="ModelFormatException">The source is incomplete, or it is not a model.</exception>
    /// <exception cref="ArgumentException">A pattern is not a regular expression.</exception>
    public static QuantizationPlan Create(GgufFile source, QuantizationOptions options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        source.RequireComplete();
        RequireModel(source);
        GgufTensor[] sources = [.. source.Tensors];
        if (!options.KeepSplit)
        {
            Array.Sort(sources, CompareNames);
        }

        TensorDescription[] tensors = Array.ConvertAll(
            sources, TensorDescription.Of);
        var chooser = new TypeChooser(QuantizationModel.Read(source.Metadata), tensors, options, options.Importance is not null);
        PlannedTensor[] planned = [.. sources.Zip(tensors, Plan)];
        return new QuantizationPlan(source, options, planned, [.. chooser.UnusedPatterns]);

        PlannedTensor Plan(GgufTensor tensor, TensorDescription description)
        {
            TypeChoice choice = chooser.Choose(description);
            bool mayBeCoarse = TensorRoles.Of(tensor.Name) is not (TensorRole.Embedding or TensorRole.Output);
            bool requires = choice.Type != tensor.Type && ((mayBeCoarse && options.Mix.RequiresImportanceFor(choice.Type))
                || TensorFormats.Find(choice.Type) is { RequiresImportance: true });
            return new PlannedTensor(tensor, choice, requires);
        }
    }

    /// <summary>Gets the importance of the columns of a tensor, [matrices, columns]; empty if they are all alike.</summary>
    internal ReadOnlyMemory<float> ImportanceOf(PlannedTensor tensor) =>
        _options.Importance is { } importance && importance.TryGet(tensor.Name, out ReadOnlyMemory<float> values)
        && values.Length == ImportanceLength(tensor) ? values : default;

    /// <summary>Orders tensors as llama.cpp does: those without a layer first, then by layer, then by name.</summary>
    private static int CompareNames(GgufTensor left, GgufTensor right)
    {
        int layers = TensorRoles.LayerOf(left.Name).CompareTo(TensorRoles.LayerOf(right.Name));
        return layers != 0 ? layers : string.CompareOrdinal(left.Name, right.Name);
    }

    private static void RequireModel(GgufFile source)
    {
        string type = source.Metadata.GetString("general.type", "model");
        if (type is "imatrix" or "adapter" || source.Tensors.Count == 0)
        {
            string found = source.Tensors.Count == 0 ? "a file without tensors" : $"a file of the type '{Printable.Shorten(type)}'";
            throw new ModelFormatException(source.Path, -1, $"found {found}, expected a model");
        }
    }

    private static long ImportanceLength(PlannedTensor tensor) =>
        tensor.Source.Columns * tensor.Source.Dimensions[2] * tensor.Source.Dimensions[3];

    private IEnumerable<string> FindProblems()
    {
        PlannedTensor[] changed = [.. Tensors.Where(static tensor => !tensor.IsCopied)];
        if (changed.FirstOrDefault(static tensor => TensorFormats.Find(tensor.NewType) is not { CanQuantize: true }) is { } noTarget)
        {
            yield return $"tensor '{noTarget.Name}': there is no quantizer to {noTarget.NewType}";
        }

        if (changed.FirstOrDefault(static tensor => TensorFormats.Find(tensor.OldType) is null) is { } noSource)
        {
            yield return $"tensor '{noSource.Name}': {TensorFormats.Refusal(noSource.OldType)}";
        }

        if (changed.FirstOrDefault(static tensor => tensor.Source.Columns > MaxColumns) is { } wide)
        {
            yield return $"tensor '{wide.Name}': found rows of {wide.Source.Columns} weights, expected at most {MaxColumns}";
        }

        if (!_options.AllowRequantize && changed.FirstOrDefault(static tensor => tensor.OldType.GetBlockElements() > 1) is { } quantized)
        {
            yield return $"tensor '{quantized.Name}' is {quantized.OldType} already, and to quantize it again adds errors; use a source in "
                + "F32, F16 or BF16, or allow it with AllowRequantize";
        }

        foreach (string problem in FindNameProblems().Concat(FindImportanceProblems(changed)))
        {
            yield return problem;
        }
    }

    private IEnumerable<string> FindNameProblems()
    {
        var byName = Tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        foreach ((string name, TensorType type) in _options.NamedTypes)
        {
            if (!byName.TryGetValue(name, out PlannedTensor? tensor))
            {
                yield return $"the plan has the tensor '{Printable.Shorten(name)}', which the model lacks";
            }
            else if (tensor.NewType != type)
            {
                yield return tensor.FallsBack
                    ? $"tensor '{name}': the plan has {type}, but rows of {tensor.Source.Columns} weights are no whole blocks of it"
                    : $"tensor '{name}': the plan has {type}, but this tensor keeps its type {tensor.OldType}";
            }
        }
    }

    private IEnumerable<string> FindImportanceProblems(PlannedTensor[] changed)
    {
        if (_options.Importance is not { } importance)
        {
            if (changed.FirstOrDefault(static tensor => tensor.RequiresImportance) is { } needy)
            {
                yield return $"{Mix.Name} requires an importance matrix: tensor '{needy.Name}' becomes {needy.NewType}, which is garbage "
                    + "without one";
            }

            yield break;
        }

        if (FindForeignTensor(importance) is { } foreign)
        {
            yield return $"the importance matrix is of another model: {foreign}";
        }
        else if (changed.FirstOrDefault(tensor => tensor.RequiresImportance && ImportanceOf(tensor).IsEmpty) is { } missing)
        {
            yield return $"the importance matrix has nothing for tensor '{missing.Name}', which becomes {missing.NewType} and is garbage "
                + "without; collect one on more text";
        }
    }

    /// <summary>Finds a reason to think that an importance matrix was measured on another model.</summary>
    private string? FindForeignTensor(ImportanceMatrix importance)
    {
        var byName = Tensors.ToDictionary(static tensor => tensor.Name, StringComparer.Ordinal);
        foreach (string name in importance.Tensors)
        {
            bool found = byName.TryGetValue(name, out PlannedTensor? tensor);
            if (!found && TensorRoles.LayerOf(name) >= 0 && name.EndsWith(".weight", StringComparison.Ordinal))
            {
                return $"it has the tensor '{Printable.Shorten(name)}', which the model lacks";
            }

            // An embedding is looked up, not multiplied, so that a matrix may have another shape for it.
            if (found && TensorRoles.Of(name) != TensorRole.Embedding && importance.TryGet(name, out ReadOnlyMemory<float> values)
                && values.Length != ImportanceLength(tensor!))
            {
                return $"it has {values.Length} values for tensor '{name}', and {ImportanceLength(tensor!)} are expected";
            }
        }

        return importance.Tensors.Any(byName.ContainsKey) ? null : "it has no tensor of the model";
    }
}
