using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Cpu;
using EdgeRuntime.Engine;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Modules;

namespace EdgeRuntime;

/// <summary>
/// Describes a model file without loading its weights: its shape, the memory it needs, and the reasons why it can't run. Immutable; owns
/// nothing.
/// </summary>
/// <example>
/// <code>
/// using GgufFile file = GgufFile.Open("model.gguf");
/// ModelInspection inspection = ModelInspection.Inspect(file);
/// Console.WriteLine(inspection.Problems.Count == 0 ? $"{inspection.Architecture} runs" : inspection.Problems[0]);
/// </code>
/// </example>
public sealed class ModelInspection
{
    private readonly ModelModules? _modules;

    private readonly List<string> _problems;

    private ModelInspection(
        string? architecture, ModelModules? modules, IReadOnlyList<GgufTensor> tensorsNotRun, List<string> problems)
    {
        Architecture = architecture;
        _modules = modules;
        TensorsNotRun = tensorsNotRun;
        _problems = problems;
        Problems = problems.AsReadOnly();
    }

    /// <summary>Gets the name of the architecture as in the file, or null if the file names none.</summary>
    public string? Architecture { get; }

    /// <summary>Gets the context length that the model was trained for, in tokens, or null if the file can't run.</summary>
    public int? ContextLength => _modules?.ContextLength;

    /// <summary>
    /// Gets a value indicating whether the model has logits; one without them, such as an encoder, makes embeddings or scores only. Null if
    /// the file can't run.
    /// </summary>
    public bool? HasLogits => _modules?.HasLogits;

    /// <summary>
    /// Gets one line for each reason why this build can't run the model. The list is empty if none is found without reading the weights.
    /// </summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Gets the tokenizer of the file, or null if there is none (<see cref="TokenizerProblem"/>).</summary>
    public Tokenizer? Tokenizer { get; private set; }

    /// <summary>
    /// Gets the reason why there is no tokenizer, or null. A damaged vocabulary is also one of the <see cref="Problems"/>. A kind of
    /// tokenizer that is not supported is not, because the model runs on token ids.
    /// </summary>
    public string? TokenizerProblem { get; private set; }

    /// <summary>
    /// Gets the tensors that the architecture knows and this runtime deliberately does not run: layers that predict further tokens, or
    /// heads for other tasks.
    /// </summary>
    public IReadOnlyList<GgufTensor> TensorsNotRun { get; }

    /// <summary>Gets the names of the architectures that this build runs, as in files ("llama").</summary>
    public static IReadOnlyList<string> SupportedArchitectures { get; } =
        [.. Architectures.Architecture.All.Select(static known => known.Name)];

    /// <summary>Determines whether this build has kernels for weights of the given type.</summary>
    public static bool HasKernels(TensorType type) => TensorFormats.Find(type) is not null;

    /// <summary>
    /// Inspects the metadata, the vocabulary and the tensor types of an open file, of which only the header need be here
    /// (<see cref="GgufFile.OpenHeaders"/>). The caller keeps ownership of the file.
    /// </summary>
    public static ModelInspection Inspect(GgufFile file)
    {
        var problems = new List<string>();
        ModelModules? modules = null;
        GgufTensor[] notRun = [];
        try
        {
            var loader = new CpuLoader(file);
            modules = loader.Modules;
            notRun = [.. loader.TensorsNotRun];
            loader.CheckTensors();
        }
        catch (UnsupportedModelException exception)
        {
            problems.Add(exception.Message);
        }
        catch (ModelFormatException exception)
        {
            problems.Add(exception.What);
        }

        string? architecture = file.Metadata.TryGetValue("general.architecture", out object? name) ? name as string : null;
        var inspection = new ModelInspection(architecture, modules, notRun, problems);
        inspection.InspectText(file);
        if (file.Tensors.Count == 0)
        {
            problems.Add("the file holds no tensors: a vocabulary alone");
        }

        TensorType[] withoutKernels = [.. file.Tensors.Select(tensor => tensor.Type).Distinct().Where(type => !HasKernels(type))];
        if (withoutKernels.Length > 0)
        {
            string found = string.Join(", ", withoutKernels);
            string supported = string.Join(", ", TensorFormats.All.Select(format => format.Type));
            problems.Add($"no kernels for tensors of type {found}; there are for {supported}");
        }

        return inspection;
    }

    /// <summary>Computes the size of a session's KV cache.</summary>
    /// <param name="contextLength">The number of positions.</param>
    /// <param name="keyType">The number format of cached keys.</param>
    /// <param name="valueType">The number format of cached values.</param>
    /// <returns>The size in bytes, or null if the file can't run.</returns>
    public long? KvCacheBytes(int contextLength, KvCacheType keyType, KvCacheType valueType)
    {
        return _modules?.PlanState().ByteSize(new EngineStateOptions
        {
            Capacity = contextLength,
            BatchTokens = Math.Min(contextLength, SessionOptions.DefaultBatchTokens),
            KeyType = keyType,
            ValueType = valueType,
        });
    }

    private void InspectText(GgufFile file)
    {
        try
        {
            (Tokenizer, TokenizerProblem) = ModelText.ReadTokenizer(file, preTokenizer: null);
            var text = ModelText.Read(file, Tokenizer, TokenizerProblem);
            if (_modules is not null)
            {
                text.CheckVocabulary(file, _modules.Vocabulary);
            }
        }
        catch (ModelFormatException exception)
        {
            _problems.Add(exception.What);
            TokenizerProblem ??= Tokenizer is null ? exception.What : null;
        }
    }
}
