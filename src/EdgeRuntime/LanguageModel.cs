using System;
using System.Threading;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime;

/// <summary>
/// A loaded language model: packed weights, tokenizer, chat template. Immutable and shared: many sessions on many threads.
/// Owns its file and weights; they live until the model and all its sessions are disposed.
/// </summary>
public sealed class LanguageModel : IDisposable
{
    private LanguageModel() => throw new NotImplementedException();

    /// <summary>Opens a GGUF file and packs its weights.</summary>
    /// <param name="path">A .gguf file (any part of a split model).</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Told the share of the weights that is packed, 0 to 1.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="ModelFormatException">The file is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">Architecture, tensor type or tokenizer without support; the message lists what works.</exception>
    public static LanguageModel Load(
        string path, ModelOptions? options = null, IProgress<float>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException(path);

    /// <summary>The file, for metadata and tensor facts.</summary>
    public GgufFile File => throw new NotImplementedException();

    /// <summary>Architecture name, as in the file ("llama").</summary>
    public string Architecture => throw new NotImplementedException();

    /// <summary>Context length that the model was trained for.</summary>
    public int ContextLength => throw new NotImplementedException();

    /// <summary>Logits a position has.</summary>
    public int VocabularySize => throw new NotImplementedException();

    /// <summary>The file's tokenizer.</summary>
    public Tokenizer Tokenizer => throw new NotImplementedException();

    /// <summary>The file's chat template, or null.</summary>
    public ChatTemplate? ChatTemplate => throw new NotImplementedException();

    /// <summary>Name of the instruction set whose kernels run.</summary>
    public string InstructionSet => throw new NotImplementedException();

    /// <summary>Threads that compute.</summary>
    public int Threads => throw new NotImplementedException();

    /// <summary>Bytes of packed weights.</summary>
    public long WeightBytes => throw new NotImplementedException();

    /// <summary>A new conversation over this model.</summary>
    public ModelSession CreateSession(SessionOptions? options = null) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
