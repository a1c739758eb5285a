using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Cpu;

/// <summary>Log messages of the CPU engine.</summary>
internal static partial class CpuLog
{
    [LoggerMessage(
        1,
        LogLevel.Information,
        "Loaded {Path}: {Architecture}, {Bytes} bytes of weights {Packing} for {InstructionSet} with {Threads} threads in {Seconds:F3} s")]
    public static partial void Loaded(
        ILogger logger, string path, string architecture, long bytes, string packing, string instructionSet, int threads, double seconds);
}
