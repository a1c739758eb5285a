using System;
using System.CommandLine;
using EdgeRuntime.Cli.Commands;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli;

/// <summary>The command <c>edgert</c>: the list of its verbs, and the one place where exceptions become a line and an exit code.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        try
        {
            return Run(BuildRootCommand().Parse(args.Length == 0 ? ["--help"] : args));
        }
#pragma warning disable CA1031 // the process's edge: whatever happens becomes one line and an exit code
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return ErrorReport.Write(exception, Array.Exists(args, arg => arg is "--verbose" or "-v"));
        }
    }

    private static RootCommand BuildRootCommand() => new("Runs quantized language models (GGUF files) on this machine.")
    {
        ChatCommand.Create(),
        RunCommand.Create(),
        InfoCommand.Create(),
        TokenizeCommand.Create(),
        RenderCommand.Create(),
        LogitsCommand.Create(),
        EvalCommand.Create(),
        PullCommand.Create(),
        BenchCommand.Create(),
        TuneCommand.Create(),
    };

    private static int Run(ParseResult parsed)
    {
        if (parsed.Errors.Count > 0)
        {
            string problem = parsed.UnmatchedTokens is [var unknown, ..] ? $"{unknown}: no such command or option" : parsed.Errors[0].Message;
            throw new UsageException($"{problem} (see 'edgert {CommandPath(parsed)}--help')");
        }

        // Exceptions come back to Main; Ctrl-C is each command's own business.
        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    private static string CommandPath(ParseResult parsed)
    {
        string path = "";
        for (var result = parsed.CommandResult; result.Parent is System.CommandLine.Parsing.CommandResult parent; result = parent)
        {
            path = result.Command.Name + " " + path;
        }

        return path;
    }
}
