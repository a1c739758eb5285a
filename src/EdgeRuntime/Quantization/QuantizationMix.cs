using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization;

/// <summary>
/// Represents a file type: a rule for the type of each tensor of a model, such as Q4_K_M, under the name that llama.cpp gives it.
/// </summary>
/// <example>
/// <code>
/// foreach (QuantizationMix mix in QuantizationMix.All)
/// {
///     Console.WriteLine($"{mix.Name}: mostly {mix.BaseType}");
/// }
/// </code>
/// </example>
public sealed partial class QuantizationMix
{
    private QuantizationMix(string name, int fileType, TensorType baseType)
    {
        Name = name;
        FileType = fileType;
        BaseType = baseType;
    }

    /// <summary>Gets all file types.</summary>
    public static IReadOnlyList<QuantizationMix> All => s_all;

    /// <summary>Gets the types that tensors can be quantized to.</summary>
    public static IReadOnlyList<TensorType> TensorTypes { get; } =
        [.. TensorFormats.All.Where(static format => format.CanQuantize).Select(static format => format.Type)];

    /// <summary>Gets the name, for example Q4_K_M.</summary>
    public string Name { get; }

    /// <summary>Gets the value of the key <c>general.file_type</c>.</summary>
    public int FileType { get; }

    /// <summary>Gets the type of most tensors.</summary>
    public TensorType BaseType { get; }

    /// <summary>Gets whether some tensors get a type that is too coarse without an <see cref="ImportanceMatrix"/>.</summary>
    public bool RequiresImportance =>
        RequiresImportanceFor(BaseType) || Rules.Any(rule => rule.Type is { } type && RequiresImportanceFor(type));

    /// <summary>Gets the type of the output matrix, and of an embedding that is one.</summary>
    internal TensorType OutputType { get; init; } = TensorType.Q6_K;

    /// <summary>Gets the type of an embedding that is not the output matrix; null for the base type.</summary>
    internal TensorType? EmbeddingType { get; init; }

    /// <summary>Gets the rules for the other tensors. The first one that fits counts; where none does, it is the base type.</summary>
    internal IReadOnlyList<TypeRule> Rules { get; init; } = [];

    /// <summary>Gets whether the rules of all mixes apply before <see cref="Rules"/>.</summary>
    internal bool HasCommonRules { get; init; } = true;

    /// <summary>Gets whether all tensors are floats of the base type.</summary>
    internal bool IsFloat => BaseType is TensorType.F32 or TensorType.F16 or TensorType.BF16;

    /// <summary>Finds a file type by its name, in any case. Q3_K, Q4_K and Q5_K are names for their medium mixes.</summary>
    /// <exception cref="ArgumentException">There is no such type; the message lists all.</exception>
    public static QuantizationMix Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return s_all.FirstOrDefault(mix => mix.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? s_all.FirstOrDefault(mix => mix.Name.Equals(name + "_M", StringComparison.OrdinalIgnoreCase) && !mix.IsIndexed)
            ?? throw new ArgumentException($"no type '{Printable.Shorten(name)}'; use one of: {Names}", nameof(name));
    }

    /// <summary>Finds a file type by the value of <c>general.file_type</c>; null if there is none.</summary>
    public static QuantizationMix? Find(int fileType) => Array.Find(s_all, mix => mix.FileType == fileType);

    /// <summary>Finds the file type that is named after the most frequent type of tensors.</summary>
    /// <param name="types">The types of the quantized tensors; at least one, all of <see cref="TensorTypes"/>.</param>
    /// <exception cref="ArgumentException">There are no types, or no file type has the most frequent one.</exception>
    public static QuantizationMix MostlyOf(IEnumerable<TensorType> types)
    {
        TensorType type = types.GroupBy(static type => type).OrderByDescending(static group => group.Count())
            .Select(static group => (TensorType?)group.Key).FirstOrDefault()
            ?? throw new ArgumentException("found no types, expected one or more", nameof(types));
        return s_all.FirstOrDefault(mix => mix.Name == type.ToString()) ?? s_all.FirstOrDefault(mix => mix.BaseType == type)
            ?? throw new ArgumentException($"no file type has most tensors in {type}", nameof(types));
    }

    /// <summary>Chooses the type of each tensor of a model, as llama.cpp does.</summary>
    /// <param name="model">The facts about the model.</param>
    /// <param name="tensors">All tensors of the model in the order of layers.</param>
    /// <param name="hasImportance">Whether an importance matrix is used.</param>
    /// <returns>The type of each tensor, in order. Tensors that are not matrices of weights keep their types.</returns>
    public IReadOnlyList<TensorType> ChooseTypes(
        QuantizationModel model, IReadOnlyList<TensorDescription> tensors, bool hasImportance = false)
    {
        var chooser = new TypeChooser(model, tensors, new QuantizationOptions { Mix = this }, hasImportance);
        return [.. tensors.Select(tensor => chooser.Choose(tensor).Type)];
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Gets whether a tensor of a type is garbage unless an importance matrix guides its quantizer.</summary>
    internal bool RequiresImportanceFor(TensorType type) => type switch
    {
        TensorType.IQ3_XXS or TensorType.IQ2_XXS or TensorType.IQ2_XS or TensorType.IQ2_S or TensorType.IQ1_M or TensorType.IQ1_S => true,
        TensorType.Q2_K => Name == Q2_K_S,
        _ => false,
    };

    private static string Names => string.Join(", ", s_all.Select(mix => mix.Name));

    /// <summary>Gets whether blocks store indices into a table of vectors.</summary>
    private bool IsIndexed => Name.StartsWith('I');
}
