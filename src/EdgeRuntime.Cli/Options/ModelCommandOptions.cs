using System.CommandLine;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Options;

/// <summary>The options of every command with a model: which model it uses and how it is loaded.</summary>
internal sealed class ModelCommandOptions(int defaultContext = SessionOptions.DefaultContextLength, string defaultKvType = "f16")
{
    /// <summary>Gets the positional model argument. --model takes precedence.</summary>
    public Argument<string?> ModelArgument { get; } = new("model")
    {
        Description = "A .gguf file, the name of a model in the models folder, or hf:OWNER/REPO[:QUANT], a model of a hub, downloaded at "
            + "its first use [default: the bundled model]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<string?> Model { get; } = OptionFactory.Text(
        "--model", ["-m"], "The model, as the argument: a .gguf file or a name", "FILE|NAME");

    public Option<int> Context { get; } = OptionFactory.Integer(
        "--ctx", ["-c", "--ctx-size"],
        "Context length in tokens, by default at most what the model was trained for; 0: exactly that",
        defaultContext, 0);

    public Option<int> Threads { get; } = OptionFactory.Integer(
        "--threads",
        ["-t"],
        "Threads that compute, at most one for each processor; 0: one for each physical core. A tuning profile comes before the default",
        0,
        0,
        ModelOptions.MaxThreads);

    public Option<string> KvType { get; } = CreateKvType("--kv-type", [], $"Number format of the KV cache: {KvTypes.Names}", defaultKvType);

    public Option<string> KvKeyType { get; } = CreateKvType(
        "--cache-type-k", ["-ctk"], "Number format of cached keys, if another than --kv-type");

    public Option<string> KvValueType { get; } = CreateKvType(
        "--cache-type-v", ["-ctv"], "Number format of cached values, if another than --kv-type");

    /// <summary>Gets the three options for the types of the KV cache.</summary>
    public Option[] KvTypeOptions => [KvType, KvKeyType, KvValueType];

    public Option<string?> Isa { get; } = OptionFactory.Text(
        "--isa",
        [],
        "Instruction set of the kernels: " + string.Join(", ", ProcessorInfo.AllInstructionSets)
            + " [default: the best of this machine, or EDGERUNTIME_ISA]",
        "NAME");

    public Option<string?> PreTokenizer { get; } = CreatePreTokenizer();

    public Option<bool> NoTuning { get; } = OptionFactory.Switch(
        "--no-tuning", [],
        "Leave the profile of 'edgert tune' alone, which otherwise fills in threads, instruction set, batch and KV type");

    public Option<string?> PackedCache { get; } = new("--packed-cache")
    {
        Description = "Keep packed weights in this folder and map them at the next start; without DIR (then as the last word): in "
            + "edgert/packed among the user's data [default: keep none]",
        HelpName = "DIR",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>Gets the options for the device, of the commands that decode.</summary>
    public DeviceCommandOptions Device { get; } = new();

    public Option<bool> Verbose { get; } = OptionFactory.Switch(
        "--verbose", ["-v"], "More about what happens on standard error; stack traces with errors");

    public Option<string?> LogFile { get; } = OptionFactory.Text(
        "--log-file", [], "A file that gets the log, level Debug and above: a new one, or an older log to append to", "FILE");

    /// <summary>Creates the option for the pre-tokenizer of a BPE vocabulary.</summary>
    public static Option<string?> CreatePreTokenizer() => OptionFactory.Text(
        "--pre-tokenizer", [], "Split text as the pre-tokenizer of this name instead of the one that the file names", "NAME");

    /// <summary>Adds the options for loading a model to a command.</summary>
    public void AddTo(Command command, bool withArgument = true)
    {
        if (withArgument)
        {
            command.Add(ModelArgument);
        }

        Option[] options =
            [Model, Context, Threads, .. KvTypeOptions, Isa, PreTokenizer, NoTuning, PackedCache, Verbose, LogFile];
        foreach (Option option in options)
        {
            command.Add(option);
        }

        Device.AddTo(command);
    }

    /// <summary>Adds the options for loading a model that computes texts as wholes, without a session, to a command.</summary>
    public void AddWithoutSessionTo(Command command)
    {
        foreach (Option option in (Option[])[Model, Context, Threads, KvType, Isa, NoTuning, PackedCache, Verbose, LogFile])
        {
            command.Add(option);
        }
    }

    /// <summary>Finds the model file of the command line.</summary>
    /// <exception cref="CommandException">There is no such model; the message lists the places that were searched.</exception>
    public string FindModel(ParseResult parsed) =>
        ModelLocator.Find(parsed.GetValue(Model) ?? parsed.GetValue(ModelArgument));

    /// <summary>Gets the requested types of keys and values; F16 by default.</summary>
    public KvTypes GetKvTypes(ParseResult parsed)
    {
        KvCacheType both = GetIfGiven(parsed, KvType) ?? KvCacheType.F16;
        return new KvTypes(GetIfGiven(parsed, KvKeyType) ?? both, GetIfGiven(parsed, KvValueType) ?? both);
    }

    /// <summary>Gets the session options with the requested types. Other types are left to the session.</summary>
    public SessionOptions GetSessionOptions(ParseResult parsed, int? contextLength) => new()
    {
        ContextLength = contextLength,
        AllowLongContext = true,
        KvCacheType = GetIfGiven(parsed, KvType),
        KvCacheKeyType = GetIfGiven(parsed, KvKeyType),
        KvCacheValueType = GetIfGiven(parsed, KvValueType),
    };

    /// <summary>Gets the requested context length, or null to leave it to the session.</summary>
    public int? GetContextLength(ParseResult parsed, int trainedLength)
    {
        int length = parsed.GetValue(Context);
        bool given = parsed.IsGiven(Context);
        return length == 0 ? trainedLength : given ? length : null;
    }

    /// <summary>Gets the folder of packed weights, or null if none is requested.</summary>
    public string? GetPackedCache(ParseResult parsed) =>
        parsed.IsGiven(PackedCache) ? parsed.GetValue(PackedCache) ?? ModelOptions.DefaultPackedCache : null;

    public ModelOptions GetModelOptions(ParseResult parsed, AppLog log, bool exact = false) => new()
    {
        Threads = parsed.IsGiven(Threads)
            ? parsed.GetValue(Threads) is > 0 and int threads ? threads : ProcessorInfo.PhysicalCores
            : null,
        InstructionSet = parsed.GetValue(Isa),
        PreTokenizer = parsed.GetValue(PreTokenizer),
        Exact = exact,
        UseTuningProfile = !parsed.GetValue(NoTuning),
        PackedCache = GetPackedCache(parsed),
        QuickStart = true,
        Device = Device.Get(parsed)?.Backend,
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

    private static KvCacheType? GetIfGiven(ParseResult parsed, Option<string> option) =>
        parsed.IsGiven(option) ? KvTypes.Find(parsed.GetRequiredValue(option)) : null;

    private static Option<string> CreateKvType(string name, string[] aliases, string description, string? defaultName = null)
    {
        Option<string> option = new(name, aliases) { Description = description, HelpName = "TYPE" };
        if (defaultName is not null)
        {
            option.DefaultValueFactory = _ => defaultName;
        }

        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && KvTypes.Find(token.Value) is null)
            {
                result.AddError($"{name} {token.Value}: expected {KvTypes.Names}");
            }
        });
        return option;
    }
}
