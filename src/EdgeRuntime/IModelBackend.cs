using System;
using System.Threading;

namespace EdgeRuntime;

/// <summary>Loads models for a custom engine, for example on a GPU, an NPU or another runtime.</summary>
/// <remarks>
/// An application lists its backends in <see cref="ModelOptions.Backends"/>, which <see cref="LanguageModel.Load"/> asks in order before
/// the built-in engine, or names one in <see cref="ModelOptions.Device"/>. Members may be called from several threads at once.
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf", new ModelOptions { Backends = [new SlowStart()] });
/// Console.WriteLine(model.Engine.Name);
///
/// // Loads a model on the built-in engine and packs its weights at once.
/// sealed class SlowStart : IModelBackend
/// {
///     public string Name => "slow-start";
///
///     public bool CanLoad(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
///
///     public LanguageModel Load(string path, ModelOptions options, IProgress&lt;float>? progress, CancellationToken cancellationToken)
///     {
///         LanguageModel model = LanguageModel.Load(path, options with { Backends = [], Device = null }, progress, cancellationToken);
///         model.PackWeights(cancellationToken);
///         return model; // a custom engine: LanguageModel.Create(engine, ...)
///     }
/// }
/// </code>
/// </example>
public interface IModelBackend
{
    /// <summary>Gets the name of the backend, in lower case: "onnx".</summary>
    string Name { get; }

    /// <summary>Determines whether this backend can load a model. Reads as little as possible and never throws.</summary>
    /// <param name="path">The path of the model file.</param>
    bool CanLoad(string path);

    /// <summary>
    /// Loads a model. Use <see cref="LanguageModel.Create"/> to create it from an engine, a tokenizer and a chat template.
    /// </summary>
    /// <param name="path">
    /// The path of the model file, for which <see cref="CanLoad"/> has returned true, or any path for <see cref="ModelOptions.Device"/>.
    /// </param>
    /// <param name="options">The options. Settings of the built-in engine do not apply.</param>
    /// <param name="progress">Receives the loaded fraction, 0 to 1; null for no reports.</param>
    /// <param name="cancellationToken">Cancels loading.</param>
    /// <returns>The model, which the caller disposes.</returns>
    /// <exception cref="ModelFormatException">The file is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">The file is sound but can't run.</exception>
    /// <exception cref="System.IO.IOException">The file can't be read.</exception>
    /// <exception cref="OperationCanceledException">Loading was cancelled.</exception>
    LanguageModel Load(string path, ModelOptions options, IProgress<float>? progress, CancellationToken cancellationToken);
}
