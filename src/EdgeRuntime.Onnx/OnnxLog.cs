using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Onnx;

/// <summary>Log messages about models on devices.</summary>
internal static partial class OnnxLog
{
    [LoggerMessage(300, LogLevel.Information, "Converting {Model} for {Device} into {Folder}: the cache can't be used, {Reason}")]
    public static partial void Converting(ILogger logger, string model, string device, string folder, string reason);

    [LoggerMessage(301, LogLevel.Information, "The self-check of {Device} passed: its logits differ by {Error} from the processor's")]
    public static partial void SelfChecked(ILogger logger, string device, double error);

    [LoggerMessage(302, LogLevel.Information, "Loaded {Folder} on {Device} with ONNX Runtime {Version}: {Seconds:F2} s")]
    public static partial void Loaded(ILogger logger, string folder, string device, string version, double seconds);

    [LoggerMessage(305, LogLevel.Warning, "{Model} runs on the built-in engine instead: {Reason}")]
    public static partial void FellBack(ILogger logger, string model, string reason);

    [LoggerMessage(303, LogLevel.Information, "Measured {Device}: a short prompt and answer take {Seconds:F3} s")]
    public static partial void Measured(ILogger logger, string device, double seconds);

    [LoggerMessage(304, LogLevel.Warning, "{Device} is left out of the choice of a device: {Reason}")]
    public static partial void NotMeasured(ILogger logger, string device, string reason);

    [LoggerMessage(306, LogLevel.Warning, "The choice of a device can't be kept, so the next start measures again: {Reason}")]
    public static partial void NotKept(ILogger logger, string reason);
}
