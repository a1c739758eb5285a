using Microsoft.Extensions.Logging;

namespace EdgeRuntime.SideCar;

/// <summary>The log messages about side-cars.</summary>
internal static partial class SideCarLog
{
    [LoggerMessage(20, LogLevel.Debug, "Checked and mapped the packed weights of {Path} in {Seconds:F3} s")]
    public static partial void Mapped(ILogger logger, string path, double seconds);

    [LoggerMessage(21, LogLevel.Information, "Packing anew: {Path} can't be used: {Problem}")]
    public static partial void NotUsed(ILogger logger, string path, string problem);

    [LoggerMessage(22, LogLevel.Information, "Wrote the packed weights to {Path} in {Seconds:F3} s")]
    public static partial void Written(ILogger logger, string path, double seconds);

    [LoggerMessage(23, LogLevel.Warning, "The packed weights could not be written to {Path}: {Problem}; the model runs from memory")]
    public static partial void NotWritten(ILogger logger, string path, string problem);
}
