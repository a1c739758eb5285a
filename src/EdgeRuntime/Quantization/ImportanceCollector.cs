using System;
using System.Collections.Generic;
using System.Numerics.Tensors;
using EdgeRuntime.Cpu;
using EdgeRuntime.Modules;

namespace EdgeRuntime.Quantization;

/// <summary>
/// Measures an importance matrix: from its creation until it is disposed, it observes the activations that the matrices of a model
/// multiply, in all sessions of the model. Results do not depend on the number of threads.
/// </summary>
/// <remarks>
/// A model has one collector at a time. Passes take some percent longer while it observes them. The matrices of layers are measured
/// (<c>blk.N.NAME.weight</c>), those of experts one by one, and on request the output matrix. llama.cpp measures the same ones.
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = 512 });
/// var matrix = new ImportanceMatrix(512);
/// using var collector = new ImportanceCollector(model, matrix);
/// session.Forward(model.Tokenizer.Encode("A text like those that the model will be used for."));
/// collector.Commit();
/// matrix.Save("model.imatrix.gguf");
/// Console.WriteLine($"{matrix.Tensors.Count} tensors");
/// </code>
/// </example>
public sealed class ImportanceCollector : IDisposable
{
    private const string LayerPrefix = "blk.";
    private const string OutputName = "output.weight";

    private readonly LanguageModel _model;
    private readonly CpuEngine _engine;
    private readonly bool _includeOutput;
    private bool _disposed;

    /// <summary>Starts to observe a model.</summary>
    /// <param name="model">The model, on the built-in engine. It must outlive this object.</param>
    /// <param name="matrix">The matrix that receives what is measured.</param>
    /// <param name="includeOutput">
    /// Whether the output matrix is measured too, at the positions with logits. A matrix that is also the embedding is never measured.
    /// </param>
    /// <exception cref="NotSupportedException">The model runs on another engine, whose activations can't be observed.</exception>
    /// <exception cref="InvalidOperationException">Another collector observes the model.</exception>
    public ImportanceCollector(LanguageModel model, ImportanceMatrix matrix, bool includeOutput = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(matrix);
        _model = model;
        _engine = model.Engine as CpuEngine
            ?? throw new NotSupportedException($"{model.Engine.Name} does not show the activations that an importance matrix is made of");
        _includeOutput = includeOutput;
        Matrix = matrix;
        if (_engine.Observe(new InputStatistics(_engine.Threads)) is { } other)
        {
            _engine.Observe(other);
            throw new InvalidOperationException("another collector observes the model; dispose it first");
        }
    }

    /// <summary>Gets the matrix that receives what is measured.</summary>
    public ImportanceMatrix Matrix { get; }

    /// <summary>Adds what the model has computed since the last call to <see cref="Matrix"/>.</summary>
    /// <exception cref="NonFiniteException">A sum of squares overflows float32. Nothing is added.</exception>
    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    public void Commit()
    {
        var sums = new SortedDictionary<string, ImportanceSums>(StringComparer.Ordinal);
        foreach ((string name, InputSquares squares) in Take().Tensors)
        {
            float largest = TensorPrimitives.Max<float>(squares.Sums);
            if (!float.IsFinite(largest))
            {
                throw new NonFiniteException(_model.Path, $"the squares of the input of {name}", largest);
            }

            if (name.StartsWith(LayerPrefix, StringComparison.Ordinal) || (_includeOutput && name == OutputName))
            {
                sums.Add(name, new ImportanceSums(squares.Sums, squares.Counts));
            }
        }

        Matrix.Add(new ImportanceMatrix(Matrix.ChunkSize, sums, []));
    }

    /// <summary>Forgets what the model has computed since the last <see cref="Commit"/>.</summary>
    /// <exception cref="ObjectDisposedException">This object is disposed.</exception>
    public void Discard() => Take();

    /// <summary>Stops observing. What was not committed is forgotten.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _engine.Observe(null);
        }
    }

    private InputStatistics Take()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _engine.Observe(new InputStatistics(_engine.Threads))!;
    }
}
