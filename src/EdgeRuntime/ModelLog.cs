using EdgeRuntime.State;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime;

/// <summary>Log messages about models and sessions. Prompts and answers appear at Trace only.</summary>
internal static partial class ModelLog
{
    [LoggerMessage(2, LogLevel.Debug, "Opened a session of {ContextLength} positions, KV cache {KvTypes}, up to {Bytes} bytes")]
    public static partial void SessionOpened(ILogger logger, int contextLength, KvTypes kvTypes, long bytes);

    [LoggerMessage(
        6, LogLevel.Warning, "Computing with scalar code, many times slower than this processor could: it has AVX2 and FMA, but {Reason}")]
    public static partial void ScalarCode(ILogger logger, string reason);

    [LoggerMessage(
        5, LogLevel.Warning, "{Wanted} threads were asked for; computing with {Threads}, one for each processor of this process")]
    public static partial void ThreadsBounded(ILogger logger, int wanted, int threads);

    [LoggerMessage(
        8,
        LogLevel.Warning,
        "The context of {ContextLength} tokens is full; the answer ended after {GeneratedTokens} tokens. A greater "
        + "SessionOptions.ContextLength has more room, and GenerationOptions.ContextShift continues without the oldest tokens")]
    public static partial void ContextFull(ILogger logger, int generatedTokens, int contextLength);

    [LoggerMessage(
        9,
        LogLevel.Warning,
        "The context of {ContextLength} tokens is longer than the {TrainedLength} that the model was trained for; answers get worse there")]
    public static partial void LongContext(ILogger logger, int contextLength, int trainedLength);

    [LoggerMessage(10, LogLevel.Warning, "{Reason}")]
    public static partial void MalformedCall(ILogger logger, string reason);

    [LoggerMessage(7, LogLevel.Warning, "The model is not told of the tools: its chat template has no place for them, or is not applied")]
    public static partial void ToolsIgnored(ILogger logger);
}
