using System;
using Microsoft.ML.OnnxRuntime;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>Turns the exceptions of ONNX Runtime into one line each.</summary>
internal static class OnnxErrors
{
    /// <summary>Words in messages of ONNX Runtime and what they mean. The first line that fits is used.</summary>
    private static readonly (string Word, string Meaning)[] s_meanings =
    [
        ("WebGPU adapter", "found no GPU adapter; a driver for Vulkan, Metal or Direct3D 12 is needed"),
        ("fallback to CPU EP has been explicitly disabled",
            "this provider has no kernel for an operator of the model; use another device, 'cpu' runs every model"),
        ("Failed to allocate memory", OutOfMemory),
        ("bad_alloc", OutOfMemory),
        ("out of memory", OutOfMemory),
        ("out of device memory", OutOfMemory),
        ("OUT_OF_MEMORY", OutOfMemory),
        ("device lost", DeviceLost),
        ("Device is lost", DeviceLost),
        ("DEVICE_REMOVED", DeviceLost),
        ("DEVICE_HUNG", DeviceLost),
        ("NotImplemented", "this provider does not run an operator of the model; use another device, 'cpu' runs every model"),
        ("is not a registered function/op", "this version of ONNX Runtime lacks an operator of the model; use a later version"),
    ];

    private const string OutOfMemory = "the device has not enough memory; use a shorter context or a smaller model";
    private const string DeviceLost = "the device was lost: its driver restarted, or it was removed; load the model again";

    /// <summary>Gets whether an exception comes from ONNX Runtime or from loading its library.</summary>
    public static bool IsOfRuntime(Exception exception) =>
        exception is OnnxRuntimeException or EntryPointNotFoundException or DllNotFoundException or TypeInitializationException;

    /// <summary>Makes the library's exception of one from ONNX Runtime.</summary>
    /// <param name="where">The device and what it was doing: "webgpu: model.gguf".</param>
    /// <param name="exception">The exception of ONNX Runtime.</param>
    public static OnnxDeviceException Translate(string where, Exception exception)
    {
        foreach ((string word, string meaning) in s_meanings)
        {
            if (exception.Message.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return new OnnxDeviceException($"{where}: {meaning}", exception);
            }
        }

        return new OnnxDeviceException($"{where}: ONNX Runtime failed: {Detail(exception)}", exception);
    }

    /// <summary>Gets the message of an exception in one line of bounded length.</summary>
    public static string Detail(Exception exception)
    {
        const int Longest = 300;
        if (exception is EntryPointNotFoundException)
        {
            return "the library has no such provider";
        }

        Exception cause = exception is TypeInitializationException { InnerException: { } inner } ? inner : exception;
        string line = cause.Message.ReplaceLineEndings(" ").Trim();
        int code = line.StartsWith("[ErrorCode:", StringComparison.Ordinal) ? line.IndexOf("] ", StringComparison.Ordinal) : -1;
        line = line[(code < 0 ? 0 : code + 2)..];
        return line.Length <= Longest ? line : line[..Longest] + "...";
    }
}
