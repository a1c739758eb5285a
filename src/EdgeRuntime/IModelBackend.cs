using System;
using System.Threading;

namespace EdgeRuntime;

/// <summary>Loads models for another engine than the built-in one: for a GPU, an NPU or another runtime.</summary>
/// <remarks>
/// An application lists its backends in <see cref="ModelOptions.Backends"/>. <see cref="LanguageModel.Load"/> asks them in order before
/// the built-in engine. Members may be called from several threads at once.
/// </remarks>
public interface IModelBackend
{
    /// <summary>Gets the name of the backend, in lower case: "onnx".</summary>
    string Name { get; }

    /// <summary>Looks whether this backend is the one for a model. Reads as little as possible and never throws.</summary>
    /// <param name="path">The model's file.</param>
    bool CanLoad(string path);

    /// <summary>Loads a model; <see cref="LanguageModel.Create"/> makes it of an engine, a tokenizer and a chat template.</summary>
    /// <param name="path">The model's file, for which <see cref="CanLoad"/> is true.</param>
    /// <param name="options">How to load; settings of the built-in engine do not apply.</param>
    /// <param name="progress">Told the share of loading that is done, 0 to 1; null for nobody.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <returns>The model, which the caller owns.</returns>
    /// <exception cref="ModelFormatException">The file is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">The file is sound but can't run.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    LanguageModel Load(string path, ModelOptions options, IProgress<float>? progress, CancellationToken cancellationToken);
}
