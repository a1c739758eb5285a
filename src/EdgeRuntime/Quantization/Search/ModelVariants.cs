using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using EdgeRuntime.Cpu;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeRuntime.Quantization.Search;

/// <summary>
/// Loads a model with other types for some of its tensors, without a file: the tensors are quantized into memory and take the place of
/// those of the file.
/// </summary>
/// <param name="model">The model as it is in its file, whose tokenizer the variants share.</param>
/// <param name="importanceOf">Gets the importance of the columns of a tensor, or nothing.</param>
/// <param name="threads">The number of threads.</param>
internal sealed class ModelVariants(LanguageModel model, Func<GgufTensor, ReadOnlyMemory<float>> importanceOf, int threads)
{
    /// <summary>The rows that <see cref="LoadForSpeed"/> quantizes of each tensor.</summary>
    private const int RepeatedRows = 16;

    /// <summary>Refuses a model whose variants can't run.</summary>
    /// <exception cref="NotSupportedException">The model runs on another engine.</exception>
    public static void CheckEngine(LanguageModel model)
    {
        if (model.Engine is not CpuEngine)
        {
            throw new NotSupportedException($"{model.Engine.Name} can't run variants of a model; load it on the built-in engine");
        }
    }

    /// <summary>Loads the model with types for some tensors.</summary>
    /// <returns>The variant, which the caller disposes.</returns>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public LanguageModel Load(IReadOnlyDictionary<string, TensorType> types, CancellationToken cancellationToken) =>
        Load(types, rows: int.MaxValue, cancellationToken);

    /// <summary>
    /// Loads a model that is as fast as the variant with these types, and much sooner: the first rows of each tensor take the places of
    /// all others.
    /// </summary>
    public LanguageModel LoadForSpeed(IReadOnlyDictionary<string, TensorType> types, CancellationToken cancellationToken) =>
        Load(types, RepeatedRows, cancellationToken);

    private LanguageModel Load(IReadOnlyDictionary<string, TensorType> types, int rows, CancellationToken cancellationToken)
    {
        GgufFile file = GgufFile.Open(model.Path);
        CpuEngine? engine = null;
        try
        {
            foreach (GgufTensor tensor in file.Tensors.ToArray())
            {
                if (types.TryGetValue(tensor.Name, out TensorType type) && type != tensor.Type)
                {
                    file.Replace(tensor, type, Quantize(tensor, type, rows, cancellationToken));
                }
            }

            var options = new ModelOptions { Threads = threads, UseTuningProfile = false };
            CpuSettings settings = ComputeSettings.Resolve(options, tuned: null).ToCpuSettings(options, NullLogger.Instance);
            engine = new CpuLoader(file).Load(settings, progress: null, cancellationToken);
            return LanguageModel.Create(engine, model.Tokenizer, chatTemplate: null, options, model.Path);
        }
        catch
        {
            if (engine is null)
            {
                file.Dispose();
            }

            engine?.Dispose();
            throw;
        }
    }

    private byte[] Quantize(GgufTensor tensor, TensorType type, int mostRows, CancellationToken cancellationToken)
    {
        var rows = new TensorRows(tensor, type, importanceOf(tensor));
        if (tensor.Rows * rows.NewRowBytes > Array.MaxLength)
        {
            throw new UnsupportedModelException(
                $"{model.Path}: tensor '{tensor.Name}' takes more than 2 GiB in {type}, too much to be measured in memory");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)(tensor.Rows * rows.NewRowBytes));
        int count = (int)Math.Min(tensor.Rows, mostRows);
        rows.Convert(0, count, bytes.AsMemory(0, (int)(count * rows.NewRowBytes)), threads, cancellationToken);
        for (int done = (int)(count * rows.NewRowBytes); done < bytes.Length;)
        {
            int length = Math.Min(done, bytes.Length - done);
            bytes.AsSpan(0, length).CopyTo(bytes.AsSpan(done));
            done += length;
        }

        return bytes;
    }
}
