using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Json;

namespace EdgeRuntime.Conversion;

/// <summary>Lists the families of models that can be converted. To add one: its entry in a file of families.</summary>
internal static class ModelFamilies
{
    /// <summary>Gets all families.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        .. LlamaFamilies.All, .. LlamaKinFamilies.All, .. QwenFamilies.All, .. GemmaFamilies.All, .. LayerInputFamilies.All,
        .. DecoderFamilies.All, .. DenseFamilies.All, .. JoinedFamilies.All, .. Gpt2KinFamilies.All, .. ExpertFamilies.All,
        .. LingFamilies.All, .. Lfm2Families.All, .. HybridFamilies.All, .. MixedFamilies.All, .. DeltaNetFamilies.All,
        .. LowRankFamilies.All, .. DeepSeekFamilies.All, .. GlmFamilies.All, .. SparseFamilies.All, .. PredictingFamilies.All,
        .. EncoderFamilies.All, .. RotaryEncoderFamilies.All,
    ];

    /// <summary>Finds the family of a model.</summary>
    /// <exception cref="ModelFormatException">The configuration names no class.</exception>
    /// <exception cref="UnsupportedModelException">No family has the class; the message lists those that are supported.</exception>
    public static ModelFamily Find(JsonField config)
    {
        JsonField classes = config["text_config"]["architectures"];
        classes = classes.Count > 0 ? classes : config["architectures"];
        if (classes.Count == 0)
        {
            throw classes.Wrong("the class of the model");
        }

        string name = classes[0].GetText();
        ModelFamily family = All.FirstOrDefault(family => family.Classes.Contains(name)) ?? throw new UnsupportedModelException(
            $"{config.File}: models of the class \"{Printable.Shorten(name)}\" can't be converted; supported are "
            + string.Join(", ", ModelConverter.SupportedClasses));
        return family.Variant?.Invoke(config) ?? family;
    }
}
