using System;
using System.IO;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime;

/// <summary>How a model is loaded.</summary>
public sealed record ModelOptions
{
    /// <summary>Most threads that can be asked for. A model computes with at most one for each processor of the process.</summary>
    public const int MaxThreads = 1024;

    /// <summary>
    /// Threads that compute, the caller included; null for the tuning profile's or one a physical core. Threads in excess of the processors
    /// would only wait for each other: a greater number, here or in the profile, means that of the processors, with a warning in the log.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 1 to <see cref="MaxThreads"/>.</exception>
    public int? Threads
    {
        get;
        init => field = value is null or (>= 1 and <= MaxThreads) ? value : throw new ArgumentOutOfRangeException(
            nameof(Threads), FormattableString.Invariant($"{value} threads: expected 1 to {MaxThreads}"));
    }

    /// <summary>
    /// Name of an instruction set ("avx2", "scalar" ...); null for the one of EDGERUNTIME_ISA, the tuning profile's, or the best of
    /// this machine.
    /// </summary>
    public string? InstructionSet { get; init; }

    /// <summary>Name of another instruction set whose kernels multiply a single token; null for the same. Results do not differ.</summary>
    public string? DecodeInstructionSet { get; init; }

    /// <summary>
    /// Takes what is not set here or in <see cref="SessionOptions"/> from the profile that <see cref="Tuning.ModelTuner"/> made for
    /// this model on this machine, where there is one. Never with <see cref="Exact"/>.
    /// </summary>
    public bool UseTuningProfile { get; init; } = true;

    /// <summary>Expands all weights to float32 and keeps activations in float32: the truth that fast paths are compared with.</summary>
    public bool Exact { get; init; }

    /// <summary>
    /// Folder where packed weights are kept, so that the next start maps them instead of packing; null: none are kept. A file there takes
    /// about as much room as the model. It is used only if it was packed from the model's present content and is undamaged; otherwise
    /// it is made anew. A folder that can't be written costs a warning in the log and nothing else. Not used with <see cref="Exact"/>.
    /// </summary>
    public string? PackedCache { get; init; }

    /// <summary>A folder for <see cref="PackedCache"/> among this user's data.</summary>
    public static string DefaultPackedCache => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "edgert", "packed");

    /// <summary>
    /// Loads a model of at least 256 MB without packing its weights: the first pass computes from the file, the second packs on its way. The first
    /// token of a large model comes several times sooner, the second later by what is left of packing; <see cref="LanguageModel.PackWeights"/>
    /// does that in advance. Results do not differ. Until the weights are packed, what loading would have found wrong with them is thrown by the pass
    /// that finds it. (The file must stay as it is while the model lives, with and without this.) Without effect with <see cref="PackedCache"/>
    /// or <see cref="Exact"/>, and on a machine with less memory than twice the weights.
    /// </summary>
    public bool QuickStart { get; init; }

    /// <summary>Bytes of weights from which on <see cref="QuickStart"/> gains something: smaller models are packed as fast as they are read.</summary>
    internal long QuickStartBytes { get; init; } = 256 << 20;

    /// <summary>Processors that threads are bounded by.</summary>
    internal int Processors { get; init; } = Environment.ProcessorCount;

    /// <summary>Receives events of loading and sessions; null for none.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
