using System;
using System.Collections.Concurrent;
using System.Linq;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Tests.SideCar;

/// <summary>Keeps the log's events.</summary>
internal sealed class EventRecorder : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Name, string Message)> _events = new();

    /// <summary>Names of the side-car's events, in order.</summary>
    public string[] SideCarEvents =>
        [.. _events.Select(e => e.Name).Where(name => name is "Mapped" or "NotUsed" or "Written" or "NotWritten")];

    /// <summary>Names of all events, in order.</summary>
    public string[] Names => [.. _events.Select(e => e.Name)];

    /// <summary>Texts of the warnings.</summary>
    public string[] Warnings => [.. _events.Where(e => e.Level >= LogLevel.Warning).Select(e => e.Message)];

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _events.Enqueue((logLevel, eventId.Name ?? "", formatter(state, exception)));

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }
}
