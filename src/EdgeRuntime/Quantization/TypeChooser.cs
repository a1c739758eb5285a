using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization;

/// <summary>The type that a tensor gets.</summary>
/// <param name="Type">The type.</param>
/// <param name="Wanted">The type that the tensor would have if its rows were whole blocks; equal to the type unless it fell back.</param>
internal readonly record struct TypeChoice(TensorType Type, TensorType Wanted);

/// <summary>
/// Chooses the types of the tensors of a model, one after the other in the order of layers. Source: llama.cpp v0.5.0, llama-quant.cpp.
/// </summary>
internal sealed class TypeChooser
{
    private readonly QuantizationModel _model;
    private readonly QuantizationOptions _options;
    private readonly IReadOnlyList<TensorPattern> _patterns;
    private readonly When _modelConditions;
    private readonly bool _isTied;
    private readonly int _values;
    private readonly Dictionary<TensorRole, int> _counted = [];
    private readonly HashSet<TensorPattern> _used = [];

    /// <param name="model">The facts about the model.</param>
    /// <param name="tensors">All tensors of the model.</param>
    /// <param name="options">The mix and the exceptions from it.</param>
    /// <param name="hasImportance">Whether an importance matrix is used.</param>
    /// <exception cref="ArgumentException">A pattern is not a regular expression.</exception>
    public TypeChooser(
        QuantizationModel model, IReadOnlyList<TensorDescription> tensors, QuantizationOptions options, bool hasImportance)
    {
        _model = model;
        _options = options;
        _patterns = [.. options.TensorTypes.Select(static item => new TensorPattern(item))];
        _isTied = tensors.All(static tensor => tensor.Name != TensorRoles.Output);
        _values = tensors.Count(static tensor => TensorRoles.Of(tensor.Name) == TensorRole.Value);
        _modelConditions = TypePlace.Flag(When.SharedValues, model.HeadsPerValue >= 4)
            | TypePlace.Flag(When.FourExperts, model.Experts >= 4)
            | TypePlace.Flag(When.EightExperts, model.Experts == 8)
            | TypePlace.Flag(When.Falcon, model.IsFalcon)
            | (hasImportance ? When.Importance : When.NoImportance);
    }

    /// <summary>Gets the patterns that were not the first to match any tensor so far.</summary>
    public IEnumerable<TensorTypePattern> UnusedPatterns =>
        _patterns.Where(pattern => !_used.Contains(pattern)).Select(static pattern => pattern.Source);

    private QuantizationMix Mix => _options.Mix;

    /// <summary>Chooses the type of the next tensor.</summary>
    /// <exception cref="ArgumentException">Matching a pattern takes too long.</exception>
    public TypeChoice Choose(TensorDescription tensor)
    {
        if (!TensorRoles.CanQuantize(tensor))
        {
            return new TypeChoice(tensor.Type, tensor.Type);
        }

        if (_options.NamedTypes.TryGetValue(tensor.Name, out TensorType exact))
        {
            return new TypeChoice(Fit(exact, tensor.Columns), exact);
        }

        TensorRole role = TensorRoles.Of(tensor.Name);
        TensorType? named = FindNamed(tensor.Name);
        TensorType wanted = role switch
        {
            TensorRole.Embedding when _options.TokenEmbeddingType is { } type
                && (named is null || tensor.Name != TensorRoles.LayerEmbedding) => type,
            TensorRole.Output when _options.OutputTensorType is { } type => type,
            _ => named ?? (_options.Pure || Mix.IsFloat ? Mix.BaseType : OfMix(tensor, role)),
        };
        return new TypeChoice(Fit(wanted, tensor.Columns), wanted);
    }

    private TensorType? FindNamed(string name)
    {
        if (_patterns.FirstOrDefault(pattern => pattern.Matches(name)) is not { } pattern)
        {
            return null;
        }

        _used.Add(pattern);
        return pattern.Type;
    }

    private TensorType OfMix(TensorDescription tensor, TensorRole role)
    {
        if (role == TensorRole.Output || (role == TensorRole.Embedding && _isTied))
        {
            return _options.OutputTensorType ?? OfOutput(tensor);
        }

        if (role == TensorRole.Embedding)
        {
            return Mix.EmbeddingType ?? Mix.BaseType;
        }

        When conditions = _modelConditions | PlaceOf(tensor, role).Conditions
            | TypePlace.Flag(When.Stacked, IsStackOfExperts(tensor, role));
        IEnumerable<TypeRule> rules = Mix.HasCommonRules ? QuantizationMix.s_commonRules.Concat(Mix.Rules) : Mix.Rules;
        TypeRule? rule = rules.FirstOrDefault(rule => (rule.Role ?? role) == role && (rule.When & ~conditions) == 0);
        TensorType type = rule?.Type ?? Mix.BaseType;

        // Eight heads share the values of these models, so more bits cost little.
        bool isCheap = role == TensorRole.Value && Mix.HasCommonRules && _model.Is70B;
        return isCheap && (type is TensorType.Q3_K or TensorType.Q4_K) ? TensorType.Q5_K : type;
    }

    private TensorType OfOutput(TensorDescription tensor) =>
        _model.IsFalcon || !Fits(Mix.BaseType, tensor.Columns) ? TensorType.Q8_0 : Mix.OutputType;

    private TypePlace PlaceOf(TensorDescription tensor, TensorRole role)
    {
        int counted = _counted.GetValueOrDefault(role);
        _counted[role] = counted + 1;
        if (role == TensorRole.Value)
        {
            return new TypePlace(counted, counted, _values);
        }

        // The experts of a layer are several tensors in old files.
        int layer = _model.Experts > 1 && TensorRoles.LayerOf(tensor.Name) is >= 0 and int named ? named : counted;
        return new TypePlace(layer, counted, _model.Layers);
    }

    /// <summary>Gets whether a tensor has a matrix for each expert. Latent attention of one family has stacks of another kind.</summary>
    private bool IsStackOfExperts(TensorDescription tensor, TensorRole role) =>
        tensor.Matrices > 1 && (_model.Architecture != "bailingmoe3" || role is TensorRole.Gate or TensorRole.Up or TensorRole.Down);

    /// <summary>Gets whether rows are whole blocks of a type.</summary>
    public static bool Fits(TensorType type, long columns) => columns % type.GetBlockElements() == 0;

    /// <summary>Replaces a type whose blocks do not divide the rows by one with smaller blocks, or by F16.</summary>
    /// <remarks>llama.cpp has no such type for Q1_0 and NVFP4.</remarks>
    private static TensorType Fit(TensorType type, long columns)
    {
        if (Fits(type, columns))
        {
            return type;
        }

        TensorType smaller = type switch
        {
            TensorType.Q1_0 or TensorType.Q2_0 or TensorType.Q2_K or TensorType.Q3_K or TensorType.TQ1_0 or TensorType.TQ2_0 =>
                TensorType.Q4_0,
            TensorType.Q4_K => TensorType.Q5_0,
            TensorType.Q5_K => TensorType.Q5_1,
            TensorType.Q6_K => TensorType.Q8_0,
            TensorType.NVFP4 => TensorType.MXFP4,
            _ => TensorType.IQ4_NL,
        };
        return Fits(smaller, columns) ? smaller : TensorType.F16;
    }
}
