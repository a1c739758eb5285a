using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>Decides the tensors of the GGUF file: their names, types and shapes, and where their numbers come from.</summary>
internal sealed class TensorPlanner
{
    private const string NormEnd = "_norm.weight";

    // The names of the parts of models that are not the language model. Source: llama.cpp v0.5.0, TextModel.filter_tensors.
    private static readonly string[] OtherStarts =
    [
        "mlp", "vit.", "vpm.", "siglip2.", "conformer.", "merger.", "resampler.", "sound_encoder.", "sound_projection.",
        "speech_embeddings.",
    ];

    private static readonly string[] OtherParts =
    [
        "visual.", "vision.", "audio.", "talker.", "vision_", "audio_", "token2wav.", "code2wav.", "projector.", "pre_mm_projector_norm",
        "image_newline", "view_seperator", "patch_embed", "patch_merger.", "patch_merge_mlp.", "model.connector.",
    ];

    private static readonly string[] UnusedEnds = [".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq"];

    // Matrices that are read as float32 whatever the type of the others.
    private static readonly string[] FloatEnds =
    [
        ".ffn_gate_inp.weight", ".ffn_gate_inp_shexp.weight", "position_embd.weight", "token_types.weight",
        ".ssm_conv1d.weight", ".ssm_conv1d_q.weight", ".ssm_conv1d_k.weight", ".ssm_conv1d_v.weight", ".shortconv.conv.weight",
        ".altup_correct_coef.weight", ".altup_predict_coef.weight",
    ];

    private readonly ModelFamily _family;
    private readonly ModelConfig _config;
    private readonly SafetensorsModel _model;
    private readonly TensorType _type;
    private readonly RowChanges _changes;
    private readonly BlockScaling _scaling;
    private readonly List<PlannedTensor> _planned = [];
    private readonly SortedDictionary<(int Layer, int Rule, string Suffix), SortedDictionary<int, SafetensorsTensor>> _experts = [];

    public TensorPlanner(ModelFamily family, ModelConfig config, SafetensorsModel model, TensorType type)
    {
        (_family, _config, _model, _type) = (family, config, model, type);
        _changes = new RowChanges(config);
        _scaling = new BlockScaling(config, model);
    }

    /// <summary>Decides the tensors.</summary>
    /// <exception cref="UnsupportedModelException">A tensor is not known, or it has a form that is not computed.</exception>
    /// <exception cref="ModelFormatException">A tensor has a shape that contradicts the configuration, or experts are missing.</exception>
    public IReadOnlyList<PlannedTensor> Plan()
    {
        foreach ((string name, float[] values) in _family.Computed?.Invoke(_config) ?? [])
        {
            Add(name, [values.Length], new TensorRows.OfMemory(values));
        }

        foreach ((string from, string to, int count) in _family.Stacks)
        {
            AddStack(from, to, count);
        }

        foreach (SafetensorsTensor tensor in _model.Tensors)
        {
            if (FindName(tensor.Name) is { } name && !_scaling.IsScale(tensor.Name))
            {
                PlanTensor(tensor, name);
            }
        }

        if (_experts.Count > 0)
        {
            ((int layer, int index, string suffix), SortedDictionary<int, SafetensorsTensor> found) = _experts.First();
            NameRule rule = _family.Names[index];
            string name = NameOf(rule.To, layer, suffix);
            throw new ModelFormatException(
                _config.File, -1, $"{name} has {found.Count} experts, expected {CountExperts(rule)}; get all files again");
        }

        string? twin = _planned.GroupBy(static tensor => tensor.Name).FirstOrDefault(static group => group.Count() > 1)?.Key;
        return twin is null ? _planned : throw new ModelFormatException(_config.File, -1, $"found two tensors for {twin}, expected one");
    }

    private int CountExperts(NameRule rule) => _config.ExpertCount / rule.ExpertsPer;

    /// <summary>Gets the name by which the rules know a tensor, or null if it is not used.</summary>
    private string? FindName(string name)
    {
        foreach (string prefix in _family.RemovedPrefixes)
        {
            name = name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
        }

        if (UnusedEnds.Any(end => name.EndsWith(end, StringComparison.Ordinal))
            || OtherStarts.Concat(_family.Unused).Any(start => name.StartsWith(start, StringComparison.Ordinal))
            || OtherParts.Any(part => name.Contains(part, StringComparison.Ordinal)))
        {
            return null;
        }

        name = CommonNames.WithoutLanguageModel(name)
            .Replace("e_score_correction_bias", "e_score_correction.bias", StringComparison.Ordinal);
        name = name.EndsWith(".gamma", StringComparison.Ordinal) ? name[..^"gamma".Length] + "weight"
            : name.EndsWith(".beta", StringComparison.Ordinal) ? name[..^"beta".Length] + "bias"
            : name;
        bool isBare = _family.OptionalPrefix.Length > 0 && !name.StartsWith(_family.OptionalPrefix, StringComparison.Ordinal)
            && !name.StartsWith("lm_head.", StringComparison.Ordinal);
        name = isBare ? _family.OptionalPrefix + name : name;
        return _family.Rename is null ? name : _family.Rename(_config, name);
    }

    private void PlanTensor(SafetensorsTensor tensor, string name)
    {
        string suffix = name.EndsWith(".bias", StringComparison.Ordinal) ? ".bias" : ".weight";
        ReadOnlySpan<char> stem = name.EndsWith(suffix, StringComparison.Ordinal) ? name.AsSpan(0, name.Length - suffix.Length) : name;
        for (int index = 0; index < _family.Names.Length; index++)
        {
            NameRule rule = _family.Names[index];
            if (!rule.Matches(stem, out int layer, out int expert))
            {
                continue;
            }

            if (layer >= _config.BlockCount)
            {
                break;
            }

            if (rule.IsExpert)
            {
                AddExpert(tensor, (layer, index, suffix), expert);
            }
            else
            {
                bool shifts = _family.ShiftsNorms && name.EndsWith("norm.weight", StringComparison.Ordinal)
                    && (_family.PlainNorm is null || !name.EndsWith(_family.PlainNorm, StringComparison.Ordinal));
                AddTensor(tensor, rule, layer, suffix, shifts);
            }

            return;
        }

        throw new UnsupportedModelException(
            $"{tensor.Path}: tensor \"{Printable.Shorten(tensor.Name)}\" is not known in a model of {_family.Architecture} with "
            + $"{_config.BlockCount} layers");
    }

    private void AddTensor(SafetensorsTensor tensor, NameRule rule, int layer, string suffix, bool shifts)
    {
        if (rule.To.Length == 0)
        {
            return;
        }

        string[] targets = rule.To.Split('|');
        for (int part = 0; part < targets.Length; part++)
        {
            (TensorRows rows, long[] shape) = rule.Change == RowChange.DealBlocks
                ? FourBitRows.Read(tensor, _model, part, targets.Length)
                : _changes.Apply(rule.Change, tensor, _scaling.Read(tensor), part, targets.Length);
            rows = Multiply(targets[part], suffix, rows);
            string name = NameOf(targets[part], layer, suffix);
            Add(name, shape, shifts ? new TensorRows.Shifted(rows, 1f) : rows, !_family.KeepsMovedRouters && IsMoved(tensor.Name, layer));
        }
    }

    private void AddStack(string from, string to, int count)
    {
        ILookup<string, SafetensorsTensor> byName = _model.Tensors.ToLookup(static tensor => CommonNames.WithoutLanguageModel(tensor.Name));
        var parts = new List<SafetensorsTensor>(count);
        for (int i = 0; i < count; i++)
        {
            parts.AddRange(byName[$"{from}.{i}.weight"]);
        }

        if (parts.Count != count || parts.Exists(part => part.Shape.Length != 2 || !part.Shape.SequenceEqual(parts[0].Shape)))
        {
            throw new ModelFormatException(
                _config.File, -1, $"{from}: found {parts.Count} matrices, expected {count} of one shape; get all files again");
        }

        Add(to + ".weight", [count, .. parts[0].Shape], new TensorRows.Stacked([.. parts.Select(_scaling.Read)]));
    }

    private TensorRows Multiply(string target, string suffix, TensorRows rows)
    {
        Func<long, (float First, float Second)>? factors = suffix == ".weight" ? _family.RowFactors?.Invoke(_config, target) : null;
        return factors is null ? rows : new TensorRows.Multiplied(rows, factors);
    }

    private void AddExpert(SafetensorsTensor tensor, (int Layer, int Rule, string Suffix) stack, int expert)
    {
        NameRule rule = _family.Names[stack.Rule];
        int count = CountExperts(rule);
        if (expert >= count)
        {
            throw new ModelFormatException(
                tensor.Path, -1, $"tensor \"{Printable.Shorten(tensor.Name)}\": found expert {expert}, expected one of {count}");
        }

        if (!_experts.TryGetValue(stack, out var found))
        {
            _experts[stack] = found = [];
        }

        found[expert] = tensor;
        if (found.Count == count)
        {
            _experts.Remove(stack);
            StackExperts(NameOf(rule.To, stack.Layer, stack.Suffix), [.. found.Values]);
        }
    }

    private void StackExperts(string name, SafetensorsTensor[] tensors)
    {
        SafetensorsTensor first = tensors[0];
        SafetensorsTensor? other = Array.Find(tensors, tensor => !tensor.Shape.SequenceEqual(first.Shape));
        if (other is not null || first.Shape.Length != 2)
        {
            throw new ModelFormatException(
                first.Path, -1, $"tensor \"{Printable.Shorten((other ?? first).Name)}\": found another shape than the first expert's");
        }

        Add(name, [tensors.Length, .. first.Shape], new TensorRows.Stacked([.. tensors.Select(_scaling.Read)]));
    }

    private void Add(string name, long[] shape, TensorRows rows, bool isMoved = false) =>
        _planned.Add(new PlannedTensor(name, rows is TensorRows.OfBlocks blocks ? blocks.Type : TypeOf(name, shape, isMoved), shape, rows));

    /// <summary>
    /// Gets whether a tensor belongs to another layer than its name in the folder says. llama.cpp's converter does not know the router of
    /// such a layer, and gives it the type of the other matrices.
    /// </summary>
    private static bool IsMoved(string source, int layer)
    {
        string? number = Array.Find(source.Split('.'), static part => part.Length > 0 && part.All(char.IsAsciiDigit));
        return layer >= 0 && number is not null && number != layer.ToString(CultureInfo.InvariantCulture);
    }

    private TensorType TypeOf(string name, long[] shape, bool isMoved)
    {
        bool isConverted = isMoved || (_family.ConvertsRouter && name.EndsWith(".ffn_gate_inp.weight", StringComparison.Ordinal));
        if (shape.Length <= 1 || !name.EndsWith(".weight", StringComparison.Ordinal) || name.EndsWith(NormEnd, StringComparison.Ordinal)
            || (!isConverted && FloatEnds.Any(end => name.EndsWith(end, StringComparison.Ordinal))))
        {
            return TensorType.F32;
        }

        return shape[^1] % TensorFormats.Get(_type).BlockWeights == 0 ? _type : TensorType.F16;
    }

    private static string NameOf(string target, int layer, string suffix)
    {
        string name = target.Replace("*", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return name.EndsWith('.') ? name[..^1] : name.EndsWith(".bias", StringComparison.Ordinal) ? name : name + suffix;
    }
}
