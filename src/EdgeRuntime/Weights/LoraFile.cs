using System;
using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Weights;

/// <summary>Two matrices of an adapter, which change one matrix of the model.</summary>
/// <param name="Name">The name of the model's matrix.</param>
/// <param name="Down">A [rank, columns].</param>
/// <param name="Up">B [rows, rank].</param>
internal readonly record struct LoraPair(string Name, GgufTensor Down, GgufTensor Up);

/// <summary>
/// A LoRA adapter as llama.cpp's converter writes it: for a matrix <c>NAME</c>, <c>NAME.lora_a</c> and <c>NAME.lora_b</c>.
/// </summary>
internal sealed class LoraFile : IDisposable
{
    private const string DownSuffix = ".lora_a";
    private const string UpSuffix = ".lora_b";

    private readonly GgufFile _file;

    private LoraFile(GgufFile file) => _file = file;

    public string Path => _file.Path;

    /// <summary>Gets alpha: the factor of the change is alpha / rank; 0 for a factor of 1.</summary>
    public float Alpha { get; private init; }

    /// <summary>Opens an adapter and checks that it is one for models of an architecture.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">The file is no LoRA adapter, or of another architecture.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static LoraFile Open(string path, string architecture)
    {
        GgufFile file = GgufFile.Open(path);
        try
        {
            file.RequireComplete();
            GgufMetadata metadata = file.Metadata;
            Require(path, "general.type", metadata.GetString("general.type", "model"), "adapter");
            Require(path, "adapter.type", metadata.GetString("adapter.type"), "lora");
            Require(path, "general.architecture", metadata.GetString("general.architecture"), architecture);
            if (metadata.Contains("adapter.alora.invocation_tokens"))
            {
                throw new UnsupportedModelException(
                    $"{path}: the adapter acts only behind certain tokens (adapter.alora.invocation_tokens), which is not supported");
            }

            float alpha = metadata.GetSingle("adapter.lora.alpha");
            return float.IsFinite(alpha)
                ? new LoraFile(file) { Alpha = alpha }
                : throw new ModelFormatException(path, -1, $"adapter.lora.alpha is {alpha}; expected a finite number");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Gets the pairs of matrices, in the order of the file.</summary>
    /// <exception cref="ModelFormatException">A tensor has no partner, or their shapes do not agree.</exception>
    public IEnumerable<LoraPair> Pairs()
    {
        foreach (GgufTensor tensor in _file.Tensors)
        {
            bool isDown = tensor.Name.EndsWith(DownSuffix, StringComparison.Ordinal);
            if (!isDown && !tensor.Name.EndsWith(UpSuffix, StringComparison.Ordinal))
            {
                throw new ModelFormatException(
                    Path,
                    tensor.FileOffset,
                    $"tensor '{Printable.Shorten(tensor.Name)}': expected a name that ends in {DownSuffix} or {UpSuffix}");
            }

            string name = tensor.Name[..^DownSuffix.Length];
            string partner = name + (isDown ? UpSuffix : DownSuffix);
            GgufTensor other = _file.FindTensor(partner)
                ?? throw new ModelFormatException(Path, -1, $"tensor '{Printable.Shorten(partner)}' is missing");
            if (isDown)
            {
                yield return other.Columns == tensor.Rows
                    ? new LoraPair(name, tensor, other)
                    : throw new ModelFormatException(
                        Path, other.FileOffset,
                        $"tensor '{Printable.Shorten(partner)}' has {other.Columns} columns; its partner has a rank of {tensor.Rows}");
            }
        }
    }

    public void Dispose() => _file.Dispose();

    private static void Require(string path, string key, string found, string expected)
    {
        if (found != expected)
        {
            throw new UnsupportedModelException(
                $"{path}: {key} is '{Printable.Shorten(found)}'; a LoRA adapter of this model has '{expected}'");
        }
    }
}
