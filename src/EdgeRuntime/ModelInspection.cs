using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Engine;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime;

/// <summary>
/// What can be told of a model without loading its weights: its shape, what it will need, and why it can't run here. Immutable; owns nothing.
/// </summary>
public sealed class ModelInspection
{
    private readonly ModelModules? _modules;

    private ModelInspection(string? architecture, ModelModules? modules, IReadOnlyList<string> problems)
    {
        Architecture = architecture;
        _modules = modules;
        Problems = problems;
    }

    /// <summary>Architecture name, as in the file; null where it names none.</summary>
    public string? Architecture { get; }

    /// <summary>Context length that the model was trained for; null where the file can't run.</summary>
    public int? ContextLength => _modules?.ContextLength;

    /// <summary>One line for each reason why this build can't run the model; empty where none is found without reading the weights.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Whether this build has kernels for weights of that type.</summary>
    public static bool HasKernels(TensorType type) => TensorFormats.Find(type) is not null;

    /// <summary>Looks at metadata and tensor types of an opened file, which stays the caller's.</summary>
    public static ModelInspection Inspect(GgufFile file)
    {
        var problems = new List<string>();
        ModelModules? modules = null;
        try
        {
            file.RequireComplete();
            var source = new ModelSource(file);
            modules = Architectures.Architecture.Read(source);
            using var binder = new TensorBinder(source, InstructionSet.Default, exact: false);
            modules.Bind(binder);
        }
        catch (UnsupportedModelException exception)
        {
            problems.Add(exception.Message);
        }
        catch (ModelFormatException exception)
        {
            problems.Add(exception.What);
        }

        if (file.Tensors.Count == 0)
        {
            problems.Add("the file holds no tensors: a vocabulary alone");
        }

        TensorType[] withoutKernels = [.. file.Tensors.Select(tensor => tensor.Type).Distinct().Where(type => !HasKernels(type))];
        if (withoutKernels.Length > 0)
        {
            problems.Add(
                $"no kernels for tensors of type {string.Join(", ", withoutKernels)}; there are for {string.Join(", ", TensorFormats.All.Select(format => format.Type))}");
        }

        string? architecture = file.Metadata.TryGetValue("general.architecture", out object? name) ? name as string : null;
        return new ModelInspection(architecture, modules, problems);
    }

    /// <summary>Bytes of a session's KV cache; null where the file can't run.</summary>
    /// <param name="contextLength">Positions.</param>
    /// <param name="keyType">Number format of keys.</param>
    /// <param name="valueType">Number format of values.</param>
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
}
