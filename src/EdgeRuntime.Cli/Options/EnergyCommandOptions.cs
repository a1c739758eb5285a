using System;
using System.CommandLine;
using System.Linq;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Options;

/// <summary>The options for measuring energy.</summary>
internal sealed class EnergyCommandOptions
{
    private const string Auto = "auto";
    private const string None = "none";

    public Option<string> Source { get; } = new("--energy")
    {
        Description = $"Sensor of energy: {Auto} (the first that can be read), {None}, or one of "
            + string.Join(", ", EnergySources.All.Select(source => source.Name)),
        HelpName = "SOURCE",
        DefaultValueFactory = _ => Auto,
    };

    public Option<string?> CommandLine { get; } = OptionFactory.Text(
        "--energy-command", [], "A shell command that prints watts, one number a line; it may end after one or go on", "CMD");

    public Option<int> Interval { get; } = OptionFactory.Integer(
        "--energy-interval", [], "Milliseconds from one sample of a power sensor to the next", 50, 1, 60_000);

    public Option<string?> SysfsRoot { get; } = new("--sysfs-root") { Hidden = true };

    public Option[] All => [Source, CommandLine, Interval, SysfsRoot];

    public void AddTo(Command command)
    {
        Source.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value is not (Auto or None)
                && EnergySources.All.All(source => source.Name != token.Value))
            {
                string names = string.Join(", ", EnergySources.All.Select(source => source.Name));
                result.AddError($"--energy {token.Value}: expected {Auto}, {None}, {names}");
            }
        });
        foreach (Option option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>Opens the meter; null if no measurement is requested.</summary>
    /// <exception cref="UsageException">The requested sensor cannot be read.</exception>
    public EnergyMeter? Open(ParseResult parsed)
    {
        string source = parsed.GetRequiredValue(Source);
        string? command = parsed.GetValue(CommandLine);
        if (source == None)
        {
            return null;
        }

        if (source == "command" && command is null)
        {
            throw new UsageException("--energy command needs --energy-command CMD");
        }

        EnergyMeter meter = EnergyMeter.Detect(new EnergyOptions
        {
            Sysfs = new SysfsTree(parsed.GetValue(SysfsRoot) ?? "/sys"),
            Command = command,
            Source = source == Auto ? null : source,
            Interval = TimeSpan.FromMilliseconds(parsed.GetValue(Interval)),
        });
        if (!meter.HasSensor && (source != Auto || command is not null))
        {
            meter.Dispose();
            throw new CommandException($"{(command is null ? source : "--energy-command")}: {meter.Status}");
        }

        return meter;
    }
}
