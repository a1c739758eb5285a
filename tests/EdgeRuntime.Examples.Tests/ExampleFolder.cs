using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tests.Conversion;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Examples.Tests;

/// <summary>
/// A temporary folder with the bundled model as model.gguf, an adapter for it as adapter.gguf, and a small model in Hugging Face's layout
/// as model-folder. Deletes itself and further files.
/// </summary>
internal sealed class ExampleFolder : IDisposable
{
    private readonly List<string> _files = [];
    private readonly ModelFolder _model = new();

    public ExampleFolder()
    {
        File.CreateSymbolicLink(System.IO.Path.Combine(Path, "model.gguf"), TestModels.SmolLm);
        WriteAdapter(System.IO.Path.Combine(Path, "adapter.gguf"));
        _model.AddDecoder().AddPreNorms().Save("LlamaForCausalLM");
        Directory.CreateSymbolicLink(System.IO.Path.Combine(Path, "model-folder"), _model.Path);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("edgert-example-").FullName;

    public void Delete(string file) => _files.Add(file);

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        _model.Dispose();
        _files.ForEach(File.Delete);
    }

    private static void WriteAdapter(string path)
    {
        const int Hidden = 576, Rank = 2;
        using FileStream stream = File.Create(path);
        var writer = new GgufWriter(stream);
        writer.AddKey("general.type", "adapter");
        writer.AddKey("general.architecture", "llama");
        writer.AddKey("adapter.type", "lora");
        writer.AddKey("adapter.lora.alpha", 2f);
        writer.AddTensor("blk.0.attn_q.weight.lora_a", TensorType.F32, [Hidden, Rank]);
        writer.AddTensor("blk.0.attn_q.weight.lora_b", TensorType.F32, [Rank, Hidden]);
        var values = new float[Hidden * Rank];
        Array.Fill(values, 0.01f);
        writer.WriteData(MemoryMarshal.AsBytes(values.AsSpan()));
        writer.WriteData(MemoryMarshal.AsBytes(values.AsSpan()));
        writer.Complete();
    }
}
