using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Options;

/// <summary>The options for the device that computes.</summary>
internal sealed class DeviceCommandOptions
{
    public Option<string> Device { get; } = new(DeviceChoice.DeviceOptionName)
    {
        Description = $"What computes: {DeviceChoice.Names}; {DeviceChoice.Processor} is the built-in engine, the others are of ONNX "
            + $"Runtime, and {DeviceChoice.Auto} measures which is the fastest. 'edgert devices' lists what this machine has",
        HelpName = "NAME",
        DefaultValueFactory = _ => DeviceChoice.Processor,
    };

    public Option<string[]> Keys { get; } = new(DeviceChoice.KeyOptionName)
    {
        Description = "An option of the device's execution provider, as ONNX Runtime names it; may be given several times",
        HelpName = "KEY=VALUE",
        Arity = ArgumentArity.OneOrMore,
    };

    public Option<string?> Cache { get; } = CreateCache();

    public Option<bool> NoCache { get; } = OptionFactory.Switch(
        DeviceChoice.NoCacheOptionName, [], "Convert the model at every start, in memory where the provider allows it, and keep nothing");

    public Option<string?> Fallback { get; } = CreateFallback();

    public Option<string?> Plugin { get; } = OptionFactory.Text(
        DeviceChoice.PluginOptionName, [], "The library of the device's execution provider, if it is a plugin of ONNX Runtime", "FILE");

    public Option<bool> Split { get; } = OptionFactory.Switch(
        DeviceChoice.SplitOptionName, [], "Compute prompts on the device and answers on the built-in engine; both hold the weights");

    public Option[] All => [Device, Keys, Cache, NoCache, Plugin, Split, Fallback];

    /// <summary>Creates the option for the folder of converted models.</summary>
    public static Option<string?> CreateCache() => OptionFactory.Text(
        DeviceChoice.CacheOptionName, [],
        "The folder of models that were converted for devices [default: edgert/onnx among the user's data]", "DIR");

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        Device.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !DeviceChoice.IsName(token.Value))
            {
                result.AddError($"{DeviceChoice.DeviceOptionName} {token.Value}: expected {DeviceChoice.Names}");
            }
        });
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>Gets the requested device; null for the built-in engine.</summary>
    /// <exception cref="UsageException">An option of a device without a device.</exception>
    public DeviceChoice? Get(ParseResult parsed)
    {
        string name = parsed.GetValue(Device) ?? DeviceChoice.Processor;
        if (name == DeviceChoice.Processor)
        {
            Option[] ofDevices = [Keys, Cache, NoCache, Plugin, Split, Fallback];
            Option? misplaced = ofDevices.FirstOrDefault(option => parsed.IsGiven(option));
            return misplaced is null ? null : throw new UsageException(
                $"{misplaced.Name} has no meaning without {DeviceChoice.DeviceOptionName} with a device of ONNX Runtime");
        }

        if (parsed.GetValue(NoCache) && parsed.IsGiven(Cache))
        {
            throw new UsageException($"{DeviceChoice.NoCacheOptionName} and {DeviceChoice.CacheOptionName} exclude each other");
        }

        Option[] ofOneDevice = [Keys, NoCache, Plugin, Split, Fallback];
        if (name == DeviceChoice.Auto && ofOneDevice.FirstOrDefault(option => parsed.IsGiven(option)) is { } wrong)
        {
            throw new UsageException(
                $"{wrong.Name} has no meaning with {DeviceChoice.DeviceOptionName} {DeviceChoice.Auto}; name the device");
        }

        IReadOnlyDictionary<string, string> options = DeviceChoice.ParseOptions(parsed.GetValue(Keys) ?? []);
        string? cache = parsed.GetValue(NoCache) ? null : parsed.GetValue(Cache) ?? OnnxCache.DefaultFolder;
        return new DeviceChoice(name, options, cache, parsed.GetValue(Plugin), parsed.IsGiven(Fallback), parsed.GetValue(Split));
    }

    private static Option<string?> CreateFallback()
    {
        Option<string?> option = OptionFactory.Text(
            DeviceChoice.FallbackOptionName, [],
            $"'{DeviceChoice.Processor}': a model that the device can't run, or whose device is missing, runs on the built-in engine, "
            + "with a warning [default: it is refused]", DeviceChoice.Processor);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value != DeviceChoice.Processor)
            {
                result.AddError($"{DeviceChoice.FallbackOptionName} {OneLine.Value(token.Value)}: expected {DeviceChoice.Processor}");
            }
        });
        return option;
    }
}
