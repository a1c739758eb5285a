using System;

namespace EdgeRuntime;

/// <summary>
/// The base of all exceptions that this library defines: damaged or unsupported models, a full context, a failed computation, a chat
/// template that refuses a conversation, and others.
/// </summary>
/// <remarks>
/// Files that can't be read or written throw <see cref="System.IO.IOException"/> or <see cref="UnauthorizedAccessException"/>, wrong
/// arguments and options throw <see cref="ArgumentException"/>, and wrong use throws <see cref="InvalidOperationException"/>, as
/// everywhere in .NET. The message of every exception is one line.
/// </remarks>
public abstract class EdgeRuntimeException : Exception
{
    /// <param name="message">One line: what was found, what was expected, and what to do.</param>
    /// <param name="innerException">The cause, or null.</param>
    protected EdgeRuntimeException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
