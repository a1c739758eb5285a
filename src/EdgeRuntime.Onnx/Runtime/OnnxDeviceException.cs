using System;

namespace EdgeRuntime.Onnx;

/// <summary>
/// The exception that is thrown when ONNX Runtime is missing, broken or too old, or when one of its devices can't load or run a model: no
/// adapter, no memory, no kernel for an operator, a lost device. The message says what to do.
/// </summary>
public sealed class OnnxDeviceException : EdgeRuntimeException
{
    /// <param name="message">One line: what was found, what was expected, and what to do.</param>
    /// <param name="innerException">The cause, or null.</param>
    public OnnxDeviceException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
