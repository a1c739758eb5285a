using System;
using System.Globalization;
using System.Threading;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Sinks.SystemConsole.Themes;
using MsLogger = Microsoft.Extensions.Logging.ILogger;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>
/// The logging of the command: Serilog behind Microsoft's interfaces, with warnings on standard error and, on request, everything in a
/// file. Serilog is set up on the first enabled message, because most runs have none and start faster without it. The warning of a full
/// context is left out, because the commands give it in terms of their own options.
/// </summary>
internal sealed class AppLog : ILoggerFactory
{
    private const string ContextFull = "ContextFull";

    private readonly LogLevel _minimum;
    private readonly Lazy<ILoggerFactory> _serilog;

    /// <param name="verbose">Whether information goes to standard error, too.</param>
    /// <param name="file">A file that receives messages from Debug on, or null.</param>
    public AppLog(bool verbose, string? file)
    {
        LogLevel console = verbose ? LogLevel.Information : LogLevel.Warning;
        _minimum = file is null ? console : LogLevel.Debug;
        _serilog = new(
            () => CreateSerilog(verbose ? LogEventLevel.Information : LogEventLevel.Warning, file),
            LazyThreadSafetyMode.ExecutionAndPublication);
    }

    public MsLogger CreateLogger(string categoryName) => new LateLogger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => _serilog.Value.AddProvider(provider);

    public void Dispose()
    {
        if (_serilog.IsValueCreated)
        {
            _serilog.Value.Dispose();
        }
    }

    private static SerilogLoggerFactory CreateSerilog(LogEventLevel console, string? file)
    {
        var configuration = new LoggerConfiguration().MinimumLevel.Is(file is null ? console : LogEventLevel.Debug)
            .WriteTo.Console(
                restrictedToMinimumLevel: console,
                theme: ConsoleTheme.None,
                outputTemplate: "edgert: {Level:w}: {Message:lj}{NewLine}",
                formatProvider: CultureInfo.InvariantCulture,
                standardErrorFromLevel: LogEventLevel.Verbose);
        if (file is not null)
        {
            configuration.WriteTo.File(file, formatProvider: CultureInfo.InvariantCulture);
        }

        return new SerilogLoggerFactory(configuration.CreateLogger(), dispose: true);
    }

    private sealed class LateLogger(AppLog log, string category) : MsLogger
    {
        private MsLogger? _inner;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log._minimum && logLevel != LogLevel.None;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && eventId.Name != ContextFull)
            {
                (_inner ??= log._serilog.Value.CreateLogger(category)).Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
