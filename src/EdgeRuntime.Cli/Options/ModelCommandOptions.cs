using System;
using System.CommandLine;
using System.Linq;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Kernels;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Cli.Options;

/// <summary>Which model a command uses and how it is loaded: the options that every command with a model has.</summary>
internal sealed class ModelCommandOptions(int defaultContext = SessionOptions.DefaultContextLength)
{
    private static readonly string[] KvTypes = ["f32", "f16", "bf16", "q8_0"];

    /// <summary>Positional model; shadowed by --model.</summary>
    public Argument<string?> ModelArgument { get; } = new("model")
    {
        Description = "A .gguf file, or the name of a model in the models folder [default: the bundled model]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string?> Model { get; } = OptionFactory.Text("--model", ["-m"], "The model, as the argument: a .gguf file or a name", "FILE|NAME");

    public Option<int> Context { get; } = OptionFactory.Integer(
        "--ctx", ["-c", "--ctx-size"], "Context length in tokens, by default at most what the model was trained for; 0: exactly that", defaultContext, 0);

    public Option<int> Threads { get; } = OptionFactory.Integer(
        "--threads",
        ["-t"],
        "Threads that compute, at most one for each processor; 0: one for each physical core. A tuning profile comes before the default",
        0,
        0,
        ModelOptions.MaxThreads);

    public Option<string> KvType { get; } = new("--kv-type", "-ctk", "--cache-type-k")
    {
        Description = "Number format of the KV cache: f32, f16, bf16 or q8_0",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "f16",
    };

    public Option<string?> Isa { get; } = OptionFactory.Text(
        "--isa",
        [],
        $"Instruction set of the kernels: {string.Join(", ", InstructionSet.All.Select(set => set.Name))} [default: the best of this machine, or EDGERUNTIME_ISA]",
        "NAME");

    public Option<bool> NoTuning { get; } = OptionFactory.Switch(
        "--no-tuning", [], "Leave the profile of 'edgert tune' alone, which otherwise fills in threads, instruction set, batch and KV type");

    public Option<string?> PackedCache { get; } = new("--packed-cache")
    {
        Description = "Keep packed weights in this folder and map them at the next start; without DIR (then as the last word): in "
            + "edgert/packed among the user's data [default: keep none]",
        HelpName = "DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<bool> Verbose { get; } = OptionFactory.Switch("--verbose", ["-v"], "More about what happens on standard error; stack traces with errors");

    public Option<string?> LogFile { get; } = OptionFactory.Text(
        "--log-file", [], "A file that gets the log, level Debug and above: a new one, or an older log to append to", "FILE");

    /// <summary>Adds the options that take part in loading a model.</summary>
    public void AddTo(Command command, bool withArgument = true)
    {
        if (withArgument)
        {
            command.Add(ModelArgument);
        }

        AddKvTypeCheck();
        foreach (Option option in (Option[])[Model, Context, Threads, KvType, Isa, NoTuning, PackedCache, Verbose, LogFile])
        {
            command.Add(option);
        }
    }

    /// <summary>Makes a wrong --kv-type an error that names the right ones.</summary>
    public void AddKvTypeCheck() => KvType.Validators.Add(result =>
    {
        if (result.Tokens is [var token] && Array.IndexOf(KvTypes, token.Value.ToLowerInvariant()) < 0)
        {
            result.AddError($"--kv-type {token.Value}: expected {string.Join(", ", KvTypes)}");
        }
    });

    /// <summary>The model file that the command line means.</summary>
    /// <exception cref="CommandException">There is none: the message says where it was looked for.</exception>
    public string FindModel(ParseResult parsed) =>
        ModelLocator.Find(parsed.GetValue(Model) ?? parsed.GetValue(ModelArgument));

    public KvCacheType GetKvType(ParseResult parsed) => parsed.GetRequiredValue(KvType).ToLowerInvariant() switch
    {
        "f32" => KvCacheType.F32,
        "f16" => KvCacheType.F16,
        "bf16" => KvCacheType.BF16,
        _ => KvCacheType.Q8_0,
    };

    /// <summary>The type that was asked for, or null for the session's own choice.</summary>
    public KvCacheType? GetKvTypeIfGiven(ParseResult parsed) => parsed.IsGiven(KvType) ? GetKvType(parsed) : null;

    /// <summary>The context length that was asked for, or null for the session's own choice.</summary>
    public int? GetContextLength(ParseResult parsed, int trainedLength)
    {
        int length = parsed.GetValue(Context);
        bool given = parsed.IsGiven(Context);
        return length == 0 ? trainedLength : given ? length : null;
    }

    /// <summary>The folder of packed weights, or null where none is asked for.</summary>
    public string? GetPackedCache(ParseResult parsed) =>
        parsed.IsGiven(PackedCache) ? parsed.GetValue(PackedCache) ?? ModelOptions.DefaultPackedCache : null;

    public ModelOptions GetModelOptions(ParseResult parsed, AppLog log, bool exact = false) => new()
    {
        Threads = parsed.IsGiven(Threads)
            ? parsed.GetValue(Threads) is > 0 and int threads ? threads : ProcessorTopology.PhysicalCores
            : null,
        InstructionSet = parsed.GetValue(Isa),
        Exact = exact,
        UseTuningProfile = !parsed.GetValue(NoTuning),
        PackedCache = GetPackedCache(parsed),
        QuickStart = true,
        LoggerFactory = log,
    };

    public AppLog CreateLog(ParseResult parsed)
    {
        string? file = parsed.GetValue(LogFile);
        if (file is not null)
        {
            AppLogFile.Prepare(file);
        }

        return new AppLog(parsed.GetValue(Verbose), file);
    }
}
