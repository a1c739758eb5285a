using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Commands;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli;

/// <summary>The command <c>edgert</c>: the list of its verbs, and the one place where exceptions become a line and an exit code.</summary>
internal static class Program
{
    /// <summary>The verbs in the order of the help.</summary>
    /// <remarks>Only the invoked verb's command is created: creating a hundred options takes longer than parsing them.</remarks>
    private static readonly (string Name, Func<Command> Create)[] s_verbs =
    [
        ("chat", ChatCommand.Create),
        ("run", RunCommand.Create),
        ("info", InfoCommand.Create),
        (TokenizeCommand.Name, TokenizeCommand.Create),
        ("render", RenderCommand.Create),
        ("logits", LogitsCommand.Create),
        (EmbedCommand.Name, EmbedCommand.Create),
        (RerankCommand.Name, RerankCommand.Create),
        ("eval", EvalCommand.Create),
        (ImatrixCommand.Name, ImatrixCommand.Create),
        ("quantize", QuantizeCommand.Create),
        ("gguf", GgufCommand.Create),
        (ConvertCommand.Name, ConvertCommand.Create),
        ("pull", PullCommand.Create),
        ("list", ListCommand.Create),
        ("rm", RemoveCommand.Create),
        (ExportOnnxCommand.Name, ExportOnnxCommand.Create),
        ("bench", BenchCommand.Create),
        ("tune", TuneCommand.Create),
        ("devices", DevicesCommand.Create),
        ("cache", CacheCommand.Create),
    ];

    /// <summary>The engines besides the built-in one. To add one: its project, and its backend here.</summary>
    private static readonly IModelBackend[] s_backends = [new OnnxFolderBackend()];

    /// <summary>Runs the command with these arguments and backends.</summary>
    /// <returns>The exit code of the process.</returns>
    internal static int Run(string[] args, IReadOnlyList<IModelBackend> backends)
    {
        ModelLoading.Backends = backends;
        StandardDescriptor.OccupyGaps();
        SizeLimitSignal.Ignore();
        bool verbose = Array.Exists(args, arg => arg is "--verbose" or "-v");
        PosixSignalRegistration[] signals = [];
        try
        {
            PrepareStreams(verbose);
            signals = Interrupts.Install();
            string[] given = args.Length == 0 ? ["--help"] : args;
            return Run(BuildRootCommand(given).Parse(given));
        }
#pragma warning disable CA1031 // the process's edge: whatever happens becomes one line and an exit code
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return ErrorReport.Write(exception, verbose);
        }
        finally
        {
            Array.ForEach(signals, signal => signal.Dispose());
        }
    }

    private static int Main(string[] args) => Run(args, s_backends);

    /// <summary>
    /// Puts the owners of the standard streams in the place of .NET's, so that <see cref="Console"/> itself and every library write through
    /// them, and makes one line of an exception that no thread catches.
    /// </summary>
    private static void PrepareStreams(bool verbose)
    {
        Console.SetOut(new StandardOutput());
        Console.SetError(new StandardError());
        AppDomain.CurrentDomain.UnhandledException += (_, unhandled) =>
            Environment.Exit(ErrorReport.Write((Exception)unhandled.ExceptionObject, verbose));
    }

    /// <summary>The root with the verb that the arguments name, or with all of them where they name none.</summary>
    private static RootCommand BuildRootCommand(string[] args)
    {
        var names = new RootCommand();
        foreach ((string name, _) in s_verbs)
        {
            names.Add(new Command(name));
        }

        Command named = names.Parse(args).CommandResult.Command;
        var root = new RootCommand("Runs quantized language models (GGUF files) on this machine.");
        foreach ((string name, Func<Command> create) in s_verbs)
        {
            if (named == names || named.Name == name)
            {
                root.Add(create());
            }
        }

        return root;
    }

    private static int Run(ParseResult parsed)
    {
        string? unknown = FindMisspelledOption(parsed) ?? (parsed.UnmatchedTokens is [var first, ..] ? first : null);
        if (unknown is not null || parsed.Errors.Count > 0)
        {
            string problem = unknown is not null ? $"{WebAddress.Show(unknown)}: no such command or option" : parsed.Errors[0].Message;
            throw new UsageException($"{problem} (see 'edgert {CommandPath(parsed)}--help')");
        }

        // Exceptions come back to Main; Ctrl-C is each command's own business.
        return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    }

    /// <summary>Finds a word that looks like an option but was parsed as the name of a file or model.</summary>
    /// <remarks>A file whose name starts with a dash is written <c>./-name</c>. The arguments of some verbs may be text.</remarks>
    private static string? FindMisspelledOption(ParseResult parsed) =>
        parsed.CommandResult.Command.Name is TokenizeCommand.Name or EmbedCommand.Name or RerankCommand.Name ? null
        : parsed.CommandResult.Children.OfType<ArgumentResult>()
        .SelectMany(result => result.Tokens)
        .FirstOrDefault(token => token.Value is ['-', _, ..])?.Value;

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
