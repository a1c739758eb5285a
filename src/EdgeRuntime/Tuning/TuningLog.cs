using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Tuning;

/// <summary>Log messages about tuning profiles.</summary>
internal static partial class TuningLog
{
    [LoggerMessage(3, LogLevel.Warning, "Ignored the tuning profile {Path}: {Reason}; tune the model again to replace it")]
    public static partial void ProfileIgnored(ILogger logger, string path, string reason);
}
