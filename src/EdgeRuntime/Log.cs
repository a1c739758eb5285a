using EdgeRuntime.State;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime;

/// <summary>Defines the log messages of the library. Prompts and answers appear at Trace only.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Loaded {Path}: {Architecture}, {Bytes} bytes of weights {Packing} for {InstructionSet} with {Threads} threads in {Seconds:F3} s")]
    public static partial void ModelLoaded(
        ILogger logger, string path, string architecture, long bytes, string packing, string instructionSet, int threads, double seconds);

    [LoggerMessage(3, LogLevel.Warning, "Ignored the tuning profile {Path}: {Reason}; 'edgert tune' makes a new one")]
    public static partial void ProfileIgnored(ILogger logger, string path, string reason);

    [LoggerMessage(4, LogLevel.Debug, "Tuned settings: {Choice}")]
    public static partial void ProfileUsed(ILogger logger, Tuning.TuningChoice choice);

    [LoggerMessage(5, LogLevel.Warning, "{Wanted} threads were asked for; computing with {Threads}, one for each processor of this process")]
    public static partial void ThreadsBounded(ILogger logger, int wanted, int threads);

    [LoggerMessage(2, LogLevel.Debug, "Opened a session of {ContextLength} positions, KV cache {KvTypes}, up to {Bytes} bytes")]
    public static partial void SessionOpened(ILogger logger, int contextLength, KvTypes kvTypes, long bytes);
}
