using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Quantization.Search;
using EdgeRuntime.Tuning;
using Spectre.Console;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert tune</c>: finds the fastest settings for a model on this machine and saves them in a profile.</summary>
internal static class TuneCommand
{
    public static Command Create()
    {
        var options = new ModelCommandOptions();
        Option<int> seconds = OptionFactory.Integer(
            "--seconds", ["-s"], "Approximate time for the measurements, without loading the model", 30, 1, 3600);
        Option<bool> lossy = OptionFactory.Switch(
            "--allow-lossy-kv", [], "Also try types of the KV cache that round more than F16: BF16 and Q8_0");
        Option<bool> dryRun = OptionFactory.Switch("--dry-run", [], "Show the result, write no profile");
        Option<string?> speeds = OptionFactory.Text(
            "--type-speeds", [], "Also measure how fast each tensor type decodes, and write that to FILE, for 'quantize --auto --device'",
            "FILE");
        var command = new Command(
            "tune",
            "Measures threads, instruction sets for prefill and decode, batch size and KV type, and writes the fastest to a profile. Chat, "
            + "run and the library use the profile, unless told otherwise. Profiles lie in "
            + $"{TuningProfiles.Folder ?? "no folder here"} ({TuningProfiles.EnvironmentVariable} names another one).")
        {
            options.ModelArgument, options.Model, seconds, lossy, dryRun, speeds, options.Verbose, options.LogFile,
        };
        command.SetAction(parsed =>
        {
            using var interrupts = new Interrupts();
            using AppLog log = options.CreateLog(parsed);
            string path = options.FindModel(parsed);
            var tuning = new TuningOptions
            {
                TimeLimit = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                AllowLossyKvCache = parsed.GetValue(lossy),
                LoggerFactory = log,
            };
            if (parsed.GetValue(speeds) is { } target)
            {
                UserFile.Create(target).Dispose(); // refuses what can't be written before it measures for long
            }

            TuningProfile profile = Measure(path, tuning, interrupts);
            DeviceProfile? device = parsed.IsGiven(speeds) ? MeasureTypes(path, profile.Choice.Threads, interrupts) : null;
            using var output = new StandardOutput();
            Write(profile, tuning.TimeLimit, output);

            // The profile is saved last: the user sees the result even if saving fails. An empty result overwrites no profile.
            bool keeps = profile.Measurements.Count > 0 && !parsed.GetValue(dryRun);
            output.Write(keeps ? $"Profile: {Save(profile)}\n" : "No profile was written.\n");
            if (device is not null)
            {
                UserFile.Replace(parsed.GetValue(speeds)!, device.Save);
                output.Write($"Speeds of {device.SecondsPerToken.Count} tensor types: {parsed.GetValue(speeds)}\n");
            }

            return 0;
        });
        return command;
    }

    private static TuningProfile Measure(string path, TuningOptions options, Interrupts interrupts)
    {
        using var bar = new ProgressBar("loading " + Path.GetFileName(path));
        return ModelTuner.Run(path, options, line => Console.Error.WriteLine("measuring " + line), bar, interrupts.Arm());
    }

    private static DeviceProfile MeasureTypes(string path, int threads, Interrupts interrupts)
    {
        using var bar = new ProgressBar("measuring tensor types");
        using LanguageModel model = LanguageModel.Load(path, new ModelOptions { Threads = threads, UseTuningProfile = false });
        return DeviceProfile.Measure(model, threads, bar, interrupts.Arm());
    }

    private static string Save(TuningProfile profile)
    {
        string path = TuningProfiles.GetPath(profile)
            ?? throw new CommandException($"there is no folder for profiles: set {TuningProfiles.EnvironmentVariable} to one");
        UserFile.Use(path, profile.Save);
        return path;
    }

    private static void Write(TuningProfile profile, TimeSpan timeLimit, TextWriter output)
    {
        bool measured = profile.Measurements.Count > 0;
        if (measured)
        {
            WriteMeasurements(profile, output);
        }
        else
        {
            output.Write(FormattableString.Invariant(
                $"Nothing could be measured in {timeLimit.TotalSeconds:F0} s, so these are the defaults; --seconds N gives more time.\n"));
        }

        TuningChoice choice = profile.Choice;
        output.Write(string.Create(
            CultureInfo.InvariantCulture,
            $"Chosen: {choice.Threads} threads, {choice.PrefillInstructionSet} for prefill, {choice.DecodeInstructionSet} for decode, "
            + $"batches of {choice.BatchTokens}, KV cache {choice.KvCacheType}.\n"));
        if (measured)
        {
            output.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"The first value of each setting is the default; another one was taken only where it was faster in every round, "
                + $"of two at least, and by {(ModelTuner.MinGain - 1) * 100:F0} % in the median.\n"));
        }
    }

    private static void WriteMeasurements(TuningProfile profile, TextWriter output)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn("setting").AddColumn("value").AddColumn(new TableColumn("prefill tok/s").RightAligned())
            .AddColumn(new TableColumn("decode tok/s").RightAligned()).AddColumn("");
        foreach (TuningMeasurement measurement in profile.Measurements)
        {
            table.AddRow(
                new Text(measurement.Step), new Text(measurement.Setting), new Text(Rate(measurement.PrefillTokensPerSecond)),
                new Text(Rate(measurement.DecodeTokensPerSecond)), new Text(measurement.IsChosen ? "chosen" : ""));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 120;
        console.Write(table);
    }

    private static string Rate(double? rate) => rate?.ToString("F1", CultureInfo.InvariantCulture) ?? "";
}
