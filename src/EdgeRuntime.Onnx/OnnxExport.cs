using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using EdgeRuntime.Architectures;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Export;
using EdgeRuntime.Onnx.Graph;
using EdgeRuntime.Onnx.Packing;
using EdgeRuntime.Onnx.Runtime;
using EdgeRuntime.Onnx.Translation;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Onnx;

/// <summary>
/// Represents a GGUF model that is translated to ONNX and can be written as a folder: two graphs, <c>model.onnx</c> in the form of
/// ONNX Runtime GenAI (unless <see cref="GenAiProblem"/> says why not) and <c>engine.onnx</c> for this runtime, over the same weights in
/// <c>model.onnx.data</c>, and <c>genai_config.json</c>, with the tokenizer in the layout of Hugging Face. Owns the open file. For one
/// caller.
/// </summary>
/// <example>
/// <code>
/// using OnnxExport export = OnnxExport.Open("model.gguf", new OnnxExportOptions { Profile = OnnxProfile.Cpu, ContextLength = 1024 });
/// Console.WriteLine(export.GenAiProblem ?? $"ONNX Runtime GenAI will open the folder of {export.ByteLength} bytes");
/// export.Write("model-onnx");
/// </code>
/// </example>
public sealed class OnnxExport : IDisposable
{
    private const string GenAiFile = "model.onnx";

    private readonly GgufFile _file;
    private readonly TensorBinder _binder;
    private readonly TranslatedModel _model;
    private readonly ModelGraph _genAi;
    private readonly ModelGraph _engine;

    private OnnxExport(GgufFile file, TensorBinder binder, TranslatedModel model)
    {
        _file = file;
        _binder = binder;
        _model = model;
        _genAi = ModelGraph.ForGenAi(model, new DataLocation(FolderWriter.DataFile));
        _engine = ModelGraph.ForEngine(model, new DataLocation(FolderWriter.DataFile));
    }

    /// <summary>Gets the size of the folder in bytes, without the small files.</summary>
    public long ByteLength => _model.Data.Length + _engine.Bytes.Length + (GenAiProblem is null ? _genAi.Bytes.Length : 0);

    /// <summary>
    /// Gets why ONNX Runtime GenAI can't run the model, which is then written for this runtime alone; null if it can. Caches may differ by
    /// layer: GenAI reads their shapes from the graph.
    /// </summary>
    public string? GenAiProblem => _genAi.States == 0 ? null : FormattableString.Invariant(
        $"{_model.Path}: ONNX Runtime GenAI does not know its {_genAi.States} inputs of recurrent state; this runtime runs the folder");

    /// <summary>Gets the greatest number of positions of a sequence.</summary>
    public int ContextLength => _model.ContextLength;

    /// <summary>Gets the tensors that <see cref="Write"/> quantized to another type, with their errors.</summary>
    public IReadOnlyList<RequantizedTensor> Requantized => _model.Requantized;

    /// <summary>
    /// Gets why <see cref="Write"/> wrote no tokenizer: the kind of vocabulary has no other layout, or the file has none. Null if it wrote
    /// one.
    /// </summary>
    public string? TokenizerProblem { get; private set; }

    /// <summary>Opens and translates a model. Its weights are not read yet.</summary>
    /// <param name="ggufPath">The GGUF file.</param>
    /// <param name="options">The device and the options.</param>
    /// <exception cref="ModelFormatException">The file is damaged, or its metadata contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">
    /// The architecture is not supported, or the model needs what has no translation for the device; the message names it.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">An option has no meaning.</exception>
    public static OnnxExport Open(string ggufPath, OnnxExportOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(ggufPath);
        ArgumentNullException.ThrowIfNull(options);
        TensorFormat? requantize = options.Requantize is null ? null : FindTarget(options.Requantize);
        GgufFile file = GgufFile.Open(ggufPath);
        TensorBinder? binder = null;
        try
        {
            file.RequireComplete();
            var source = new ModelSource(file);
            ModelModules modules = Architecture.Read(source);
            binder = new TensorBinder(source, InstructionSet.Default, exact: false);
            modules.Bind(binder);
            int most = modules.PlanState().MostPositions ?? int.MaxValue;
            int context = Math.Min(options.ContextLength ?? modules.ContextLength, most);
            ArgumentOutOfRangeException.ThrowIfLessThan(context, 1, nameof(options));
            return new OnnxExport(file, binder, new TranslatedModel(ggufPath, modules, options.Profile, context, requantize));
        }
        catch
        {
            binder?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes the folder: under a temporary name in the same place, then under its own. To be called once.</summary>
    /// <param name="folder">The new folder; an empty one is replaced.</param>
    /// <param name="progress">Receives the share that is written, or null.</param>
    /// <param name="cancellationToken">Stops writing; nothing remains.</param>
    /// <exception cref="IOException">
    /// The folder exists already and is not empty, the disk is full, or a file cannot be read or written. Nothing remains.
    /// </exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Write(string folder, IProgress<float>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        FolderWriter.Write(
            folder,
            _model.Data,
            [
                .. GenAiProblem is null ? [(GenAiFile, _genAi.Bytes)] : Array.Empty<(string, byte[])>(),
                (GraphForm.FileName, _engine.Bytes),
                (GenAiConfig.FileName, CreateConfig()),
            ],
            WriteTokenizer,
            progress,
            cancellationToken);
    }

    /// <summary>
    /// Converts the weights into memory, for a session of this runtime's engine without a folder. To be called once, instead of
    /// <see cref="Write"/>.
    /// </summary>
    /// <returns>The model, which the caller disposes. It outlives this object.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    /// <exception cref="OutOfMemoryException">The system has not enough memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal MemoryModel ToMemory(IProgress<float>? progress, CancellationToken cancellationToken)
    {
        // ONNX Runtime follows links, and wants the file in the folder that it is given.
        string path = File.ResolveLinkTarget(_file.Path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(_file.Path);
        ModelGraph graph = ModelGraph.ForEngine(_model, DataLocation.InMemory(Path.GetFileName(path)));
        var data = new DataMemory(_model.Data.Length);
        try
        {
            _model.Data.Write(data, progress, cancellationToken);
            return new MemoryModel(path, graph.Bytes, CreateConfig(), graph.Constants, data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _binder.Dispose();
        _file.Dispose();
    }

    private byte[] CreateConfig() => GenAiConfig.Create(
        _model, _file.Metadata, _engine.Layers, GenAiProblem is null ? GenAiFile : GraphForm.FileName);

    private void WriteTokenizer(string folder)
    {
        try
        {
            TokenizerExport.Write(_file, folder);
        }
        catch (Exception exception) when (exception is UnsupportedModelException or ModelFormatException)
        {
            TokenizerProblem = exception.Message;
        }
    }

    private static TensorFormat FindTarget(string name) =>
        Enum.TryParse(name, ignoreCase: true, out TensorType type)
        && TensorFormats.Find(type) is { CanQuantize: true, Shape: not null } format
            ? format
            : throw new ArgumentException(
                $"'{Printable.Shorten(name)}' is no type that weights are quantized to, for example Q4_0 or Q8_0");
}
