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
/// The app's logging: Serilog behind Microsoft's interfaces; warnings on standard error, everything in a file on request.
/// Serilog is set up by the first message that is wanted, because most runs have none and start faster so.
/// </summary>
internal sealed class AppLog : ILoggerFactory
{
    private readonly LogLevel _minimum;
    private readonly Lazy<ILoggerFactory> _serilog;

    /// <param name="verbose">Information on standard error instead of warnings.</param>
    /// <param name="file">A file that gets Debug and above, or null.</param>
    public AppLog(bool verbose, string? file)
    {
        LogLevel console = verbose ? LogLevel.Information : LogLevel.Warning;
        _minimum = file is null ? console : LogLevel.Debug;
        _serilog = new(() => CreateSerilog(verbose ? LogEventLevel.Information : LogEventLevel.Warning, file), LazyThreadSafetyMode.ExecutionAndPublication);
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

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                (_inner ??= log._serilog.Value.CreateLogger(category)).Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
