using System;
using System.Collections.Generic;
using EdgeRuntime.Files;
using EdgeRuntime.Threading;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime;

/// <summary>Specifies how <see cref="LanguageModel.Load"/> loads a model.</summary>
public sealed record ModelOptions
{
    /// <summary>
    /// The greatest value of <see cref="Threads"/>. A model computes with at most one thread per processor of the process.
    /// </summary>
    public const int MaxThreads = WorkerPool.MaxThreads;

    /// <summary>
    /// Gets the number of threads that compute, including the caller; null, the default, for the value of the tuning profile, or one per
    /// physical core.
    /// </summary>
    /// <remarks>
    /// A number greater than that of the processors, here or in the profile, is reduced to it with a warning in the log, because further
    /// threads would only wait for each other.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 1 and <see cref="MaxThreads"/>.</exception>
    public int? Threads
    {
        get;
        init => field = OptionCheck.Require(
            value, value is null or (>= 1 and <= MaxThreads), FormattableString.Invariant($"1 to {MaxThreads}, or null for the default"));
    }

    /// <summary>
    /// Gets the name of the instruction set to use ("avx2", "scalar"). Null, the default, selects, in this order, the one that the
    /// environment variable EDGERUNTIME_ISA names, the one of the tuning profile, or the best one of this machine.
    /// </summary>
    public string? InstructionSet { get; init; }

    /// <summary>
    /// Gets the name of the instruction set that decodes single tokens; null, the default, for the same as <see cref="InstructionSet"/>.
    /// The results are the same with every set.
    /// </summary>
    public string? DecodeInstructionSet { get; init; }

    /// <summary>
    /// Gets a value indicating whether the tuning profile of this model and machine, if there is one, supplies the settings that neither
    /// these options nor <see cref="SessionOptions"/> set. <see cref="Tuning.ModelTuner"/> creates profiles. Has no effect with
    /// <see cref="Exact"/>. The default is true.
    /// </summary>
    public bool UseTuningProfile { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether all weights, activations and cached keys and values are float32. This is the reference that fast
    /// paths are compared with. The default is false.
    /// </summary>
    public bool Exact { get; init; }

    /// <summary>
    /// Gets the folder of side-car files, which keep packed weights so that the next start maps them instead of packing; null, the default,
    /// to keep none. Has no effect with <see cref="Exact"/>.
    /// </summary>
    /// <remarks>
    /// A side-car file is about as large as the model. It is used only if it was packed from the present content of the model file and is
    /// undamaged; otherwise it is written again. If the folder can't be written, the log gets a warning, and loading continues.
    /// </remarks>
    public string? PackedCache
    {
        get;
        init => field = OptionCheck.Require(value, value is null or { Length: > 0 }, "the path of a folder, or null for none");
    }

    /// <summary>Gets a suitable value for <see cref="PackedCache"/>: a folder in the data folder of the user.</summary>
    public static string DefaultPackedCache => UserData.GetFolder("packed");

    /// <summary>
    /// Gets a value indicating whether a model of at least 256 MB is loaded without packing its weights, so that its first token comes
    /// several times sooner. The default is false.
    /// </summary>
    /// <remarks>
    /// The first forward pass computes from the file, and the second pass packs the weights, which delays the second token. Call
    /// <see cref="LanguageModel.PackWeights"/> to pack them earlier. The results are the same. Until the weights are packed, a forward pass
    /// throws the exceptions that loading would have thrown for damaged weights. Has no effect with <see cref="PackedCache"/> or
    /// <see cref="Exact"/>, or on a machine with less memory than twice the weights. The file must not change while the model lives, with
    /// or without this option.
    /// </remarks>
    public bool QuickStart { get; init; }

    /// <summary>
    /// Gets the name of the pre-tokenizer of a BPE vocabulary ("llama-bpe", "qwen2" and others), which replaces the one that the file
    /// names; null, the default, for that of the file. A file whose pre-tokenizer is unknown has no tokenizer without this option.
    /// </summary>
    public string? PreTokenizer { get; init; }

    /// <summary>
    /// Gets the size of the weights in bytes from which <see cref="QuickStart"/> applies. Smaller models are packed as fast as they are
    /// read.
    /// </summary>
    internal long QuickStartBytes { get; init; } = 256 << 20;

    /// <summary>Gets the number of processors, which limits the number of threads.</summary>
    internal int Processors { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Gets the backends of custom engines. The first one that can load a model loads it; otherwise the built-in engine loads it as a GGUF
    /// file. The default is none.
    /// </summary>
    public IReadOnlyList<IModelBackend> Backends
    {
        get;
        init => field = OptionCheck.Require(value, value is not null, "a list, which may be empty");
    } = [];

    /// <summary>
    /// Gets the backend that loads the model, for example a GPU of EdgeRuntime.Onnx: <c>OnnxDevice.WebGpu()</c>. Null, the default, for
    /// the first one of <see cref="Backends"/> that can load the model, else the built-in engine.
    /// </summary>
    /// <remarks>A model that this backend can't load is refused; no other engine takes its place.</remarks>
    public IModelBackend? Device { get; init; }

    /// <summary>
    /// Gets the factory of the logger that receives the events of loading and of sessions; null, the default, for no log.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
