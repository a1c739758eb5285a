using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Json;
using EdgeRuntime.Safetensors;

namespace EdgeRuntime.Conversion;

/// <summary>
/// Converts a model folder in Hugging Face's layout (<c>config.json</c>, Safetensors files and a tokenizer) to a GGUF file. The file has
/// the tensors, the vocabulary and the keys that llama.cpp's converter writes. Memory stays small: tensors stream from file to file.
/// </summary>
/// <example>
/// <code>
/// ConversionResult result = ModelConverter.Convert("model-folder", "converted.gguf", new ConversionOptions { Type = TensorType.Q8_0 });
/// Console.WriteLine($"{result.TensorCount} tensors of the architecture {result.Architecture}");
/// </code>
/// </example>
public static class ModelConverter
{
    private const int MaxConfigBytes = 16 << 20;

    /// <summary>Gets the model classes of <c>config.json</c> (<c>architectures</c>) that can be converted.</summary>
    public static IReadOnlyList<string> SupportedClasses { get; } =
        [.. ModelFamilies.All.SelectMany(static family => family.Classes).Order(StringComparer.Ordinal)];

    /// <summary>Converts a folder. The result gets its name when it is complete; until then an old file is unchanged.</summary>
    /// <param name="folder">The path of the folder.</param>
    /// <param name="outputPath">The path of the GGUF file, which is replaced if it exists.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="progress">Receives the share of the bytes that are written, 0 to 1.</param>
    /// <param name="cancellationToken">Stops the conversion; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The type of the options is none of F32, F16, BF16 and Q8_0.</exception>
    /// <exception cref="ModelFormatException">A file is damaged, or the files contradict each other.</exception>
    /// <exception cref="UnsupportedModelException">The model, a tensor or the tokenizer is not supported; the message names it.</exception>
    /// <exception cref="FileException">The GGUF file can't be written.</exception>
    /// <exception cref="IOException">A file of the folder is missing or can't be read.</exception>
    /// <exception cref="OperationCanceledException">The conversion was stopped.</exception>
    public static ConversionResult Convert(
        string folder,
        string outputPath,
        ConversionOptions? options = null,
        IProgress<float>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(outputPath);
        options ??= new ConversionOptions();
        if (options.Type is not (null or TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.Q8_0))
        {
            throw new ArgumentException($"found the type {options.Type}, expected F32, F16, BF16 or Q8_0", nameof(options));
        }

        JsonField config = JsonField.Read(Path.Join(folder, "config.json"), MaxConfigBytes);
        ModelFamily family = ModelFamilies.Find(config);
        using SafetensorsModel model = SafetensorsModel.Open(folder);
        var values = new ModelConfig(config, family, model.Tensors.Select(static tensor => tensor.Name));
        TensorType type = options.Type ?? FindType(model);
        IReadOnlyList<PlannedTensor> tensors = new TensorPlanner(family, values, model, type).Plan();
        KeyList keys = new(family.Architecture);
        GeneralKeys.Add(keys, folder, options.Name, tensors);
        ModelKeys.Add(keys, values, family, folder, type);
        family.TensorKeys?.Invoke(values, model, keys);
        HuggingFaceVocabulary vocabulary = HuggingFaceVocabulary.Read(folder, options.PreTokenizer);
        VocabularyKeys.Add(keys, vocabulary, values, family);
        CheckVocabulary(config.File, vocabulary, tensors);
        long length = Write(outputPath, keys, tensors, progress, cancellationToken);
        return new ConversionResult(family.Architecture, type, tensors.Count, tensors.Sum(static tensor => tensor.ElementCount), length);
    }

    /// <summary>Gets the type of the first matrix with 16 bits, as llama.cpp's converter does.</summary>
    private static TensorType FindType(SafetensorsModel model)
    {
        SafetensorsType? found = model.Tensors.FirstOrDefault(static tensor =>
            tensor.Shape.Length >= 2 && tensor.Type is SafetensorsType.F16 or SafetensorsType.BF16)?.Type;
        return found == SafetensorsType.BF16 ? TensorType.BF16 : TensorType.F16;
    }

    private static void CheckVocabulary(string path, HuggingFaceVocabulary vocabulary, IReadOnlyList<PlannedTensor> tensors)
    {
        PlannedTensor? embedding = tensors.FirstOrDefault(static tensor => tensor.Name == "token_embd.weight")
            ?? tensors.FirstOrDefault(static tensor => tensor.Name == "output.weight"); // CodeShell's files have one of the two
        long rows = embedding?.Shape[0]
            ?? throw new ModelFormatException(path, -1, "the folder has no token embedding, expected one; get all files again");
        if (rows != vocabulary.Data.Tokens.Count)
        {
            throw new ModelFormatException(
                path, -1, $"the tokenizer has {vocabulary.Data.Tokens.Count} tokens and the embedding {rows} rows, expected as many");
        }
    }

    private static long Write(
        string path, KeyList keys, IReadOnlyList<PlannedTensor> tensors, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        using FileReplacement file = FileReplacement.OfUser(path);
        using var counted = new CountingStream(file);
        var writer = new GgufWriter(counted);
        foreach ((string key, object value) in keys.Values)
        {
            writer.AddKey(key, value);
        }

        foreach (PlannedTensor tensor in tensors)
        {
            try
            {
                writer.AddTensor(tensor.Name, tensor.Type, [.. tensor.Shape.Reverse()]);
            }
            catch (ArgumentException error)
            {
                throw new UnsupportedModelException($"{tensor.Name}: {error.Message}");
            }
        }

        new TensorCopier(writer, tensors.Sum(static tensor => tensor.ElementCount), progress, cancellationToken).Copy(tensors);
        writer.Complete();
        file.Commit();
        return counted.Length;
    }
}
