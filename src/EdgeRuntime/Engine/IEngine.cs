using System;
using System.Threading;

namespace EdgeRuntime.Engine;

/// <summary>
/// Computes one model: token ids of any number of sequences in, logits or hidden states out. An engine knows no text. Sessions, generation,
/// speculation and servers know a model through this interface alone.
/// </summary>
/// <remarks>
/// <para>Thread safety: every member may be called from any thread at any time. Overlapping calls of <see cref="Run"/> run one after the
/// other. A state takes part in at most one call at a time; a caller that breaks this rule gets an <see cref="InvalidOperationException"/>
/// or wrong numbers, never memory that was freed.</para>
/// <para>Ownership: the engine owns weights and scratch memory. It does not own the states that it creates. Its memory is freed when the
/// engine and all its states are disposed, in any order. Disposing an engine or a state twice has no effect.</para>
/// <para>Mutation: <see cref="Run"/> changes the states that the batch names and nothing else. It reads tokens only during the call, and
/// writes outputs before it returns and never later.</para>
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// IEngine engine = model.Engine;
/// using IEngineState state = engine.CreateState(new EngineStateOptions { Capacity = 64, BatchTokens = 16 });
/// var logits = new float[engine.VocabularySize];
/// engine.Run([new BatchSlice(state, model.Tokenizer.Encode("The sky is"), OutputRows: 1, logits)]);
/// Console.WriteLine(model.Tokenizer.Decode([TensorPrimitives.IndexOfMax&lt;float>(logits)]));
/// </code>
/// </example>
public interface IEngine : IDisposable
{
    /// <summary>Gets a short name of what computes, for people: "CPU (avx2)".</summary>
    string Name { get; }

    /// <summary>Gets the number of threads of this process that compute.</summary>
    int Threads { get; }

    /// <summary>Gets the bytes of weights in memory.</summary>
    long WeightBytes { get; }

    /// <summary>Gets the number of token ids, which is the number of logits of a position.</summary>
    int VocabularySize { get; }

    /// <summary>
    /// Gets a value indicating whether the model has logits. One without them, such as an encoder, computes hidden states only.
    /// </summary>
    bool HasLogits => true;

    /// <summary>Gets how the model makes an embedding or scores of the hidden states of a text.</summary>
    EmbeddingSpec Embedding => EmbeddingSpec.Default;

    /// <summary>Gets the number of elements of a position's hidden state.</summary>
    int HiddenSize { get; }

    /// <summary>Gets the number of positions that the model was trained for.</summary>
    int ContextLength { get; }

    /// <summary>Creates the state of a new, empty sequence. The caller owns it.</summary>
    /// <param name="options">The size of the state and its number formats.</param>
    /// <exception cref="ArgumentOutOfRangeException">A capacity or batch of less than one token.</exception>
    /// <exception cref="OutOfMemoryException">The system has no memory of the size that the capacity needs.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    IEngineState CreateState(EngineStateOptions options);

    /// <summary>Appends tokens to one or more sequences and computes the output rows that the slices ask for.</summary>
    /// <param name="batch">One slice for each sequence; no sequence twice.</param>
    /// <param name="cancellationToken">Checked between layers.</param>
    /// <exception cref="OperationCanceledException">Cancelled. After this and every other exception no state has changed.</exception>
    /// <exception cref="NonFiniteException">The results are not finite; the message names the layer where that began.</exception>
    /// <exception cref="ContextFullException">A slice has more tokens than its state has room for.</exception>
    /// <exception cref="ArgumentException">A state of another engine, an empty slice, or an output of the wrong size.</exception>
    void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default);

    /// <summary>Loads a LoRA adapter, which states can use from now on (<see cref="IEngineState.UseAdapters"/>).</summary>
    /// <param name="path">The adapter's file, GGUF.</param>
    /// <exception cref="ModelFormatException">The file is damaged, or made for a model of other shapes.</exception>
    /// <exception cref="UnsupportedModelException">The file is no LoRA adapter, or changes a matrix that no adapter can change.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read.</exception>
    /// <exception cref="NotSupportedException">The engine has no adapters.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    LoraAdapter LoadAdapter(string path) => throw new NotSupportedException($"{Name} has no LoRA adapters");

    /// <summary>
    /// Does work ahead of time that the first calls of <see cref="Run"/> would otherwise do, such as packing weights. Has no effect if
    /// all work is done. May run beside other calls, which wait if they must.
    /// </summary>
    /// <param name="cancellationToken">Stops the work; the first calls then do the rest.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    void Prepare(CancellationToken cancellationToken = default);
}
