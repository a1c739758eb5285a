using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;
using EdgeRuntime.Formats;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>Makes files of other types with llama.cpp's own quantizer, so that both runtimes are compared on the same files.</summary>
internal static class LlamaQuantizer
{
    /// <summary>Types that llama.cpp uses for all layers only on request; the rest of the model becomes Q8_0.</summary>
    private static readonly TensorType[] LayerTypes = [TensorType.MXFP4, TensorType.NVFP4];

    /// <summary>Writes <paramref name="output"/>; an already quantized input is expanded first.</summary>
    /// <param name="libraryPath">libllama or its folder.</param>
    /// <param name="input">A GGUF file.</param>
    /// <param name="type">A file type as llama.cpp names it: Q4_0, Q4_K_M ...</param>
    /// <param name="output">The file to write.</param>
    /// <param name="importancePath">The file of an importance matrix, or null for none.</param>
    /// <param name="force">Whether to replace an existing output.</param>
    /// <exception cref="CommandException">llama.cpp refuses the conversion.</exception>
    /// <exception cref="ModelFormatException">The file of the importance matrix is damaged or of another kind.</exception>
    public static void Run(string libraryPath, string input, string type, string output, string? importancePath, bool force)
    {
        int number = QuantizationMix.Find(type).FileType;
        UserFile.OpenRead(input).Dispose(); // says more clearly than llama.cpp why it can't be read
        ImportanceMatrix? importance = importancePath is null ? null : UserFile.Use(importancePath, ImportanceMatrix.Load);
        if (File.Exists(output) && Path.GetFullPath(input) == Path.GetFullPath(output))
        {
            throw new CommandException($"{output}: is the input, expected another file");
        }

        LlamaLibrary.Load(libraryPath, variant: null);
        using FileReplacement file = UserFile.CreateModel(output, force);
        using var arguments = new NativeArguments();
        LlamaNative.QuantizeParams parameters = LlamaNative.QuantizeDefaultParams();
        parameters.FileType = number;
        parameters.AllowRequantize = 1;
        parameters.Threads = Environment.ProcessorCount;
        parameters.ImportanceEntries = importance is null ? 0 : AddImportance(importance, arguments);
        if (LayerTypes.Any(layerType => type.Equals(layerType.ToString(), StringComparison.OrdinalIgnoreCase)))
        {
            SetLayerType(ref parameters, Enum.Parse<TensorType>(type, ignoreCase: true), number, arguments);
        }

        if (LlamaNative.Quantize(input, file.ContentPath, in parameters) != 0)
        {
            throw new CommandException($"{input}: llama.cpp can't make it {type}: {LlamaLibrary.LastError}");
        }

        file.Commit();
    }

    private static nint AddImportance(ImportanceMatrix importance, NativeArguments arguments)
    {
        var entries = new List<LlamaNative.ImportanceEntry>();
        foreach (string name in importance.Tensors)
        {
            importance.TryGet(name, out ReadOnlyMemory<float> values);
            entries.Add(new LlamaNative.ImportanceEntry
            {
                Name = arguments.AddText(name),
                Values = arguments.AddList<float>(values.ToArray()),
                Count = (nuint)values.Length,
            });
        }

        return arguments.AddList<LlamaNative.ImportanceEntry>([.. entries]);
    }

    /// <summary>Q8_0, with another type for the layers, whose name the file then carries.</summary>
    private static void SetLayerType(ref LlamaNative.QuantizeParams parameters, TensorType type, int fileType, NativeArguments arguments)
    {
        parameters.FileType = QuantizationMix.Find("Q8_0").FileType;
        parameters.TensorTypes = arguments.AddList<LlamaNative.TensorTypeOverride>(
            [new LlamaNative.TensorTypeOverride { Pattern = arguments.AddText(@"^blk\."), Type = (int)type }]);
        var name = new LlamaNative.KeyOverride { Tag = LlamaNative.IntegerTag, Integer = fileType };
        Encoding.UTF8.GetBytes("general.file_type", name.Key);
        parameters.Keys = arguments.AddList<LlamaNative.KeyOverride>([name]);
    }
}
