using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Formats;
using EdgeRuntime.Quantization;
using EdgeRuntime.Quantization.Search;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>The options of <c>edgert quantize</c> that choose the type of each tensor by measurement, or read it from a plan.</summary>
internal sealed class MixCommandOptions
{
    private readonly Option<bool> _auto = OptionFactory.Switch(
        "--auto", [], "Instead of TYPE: measure how much each tensor matters, and choose the best types within one of four limits");

    private readonly Option<string?> _size = OptionFactory.Text("--size", [], "With --auto: the largest file: 90MB, 4G", "SIZE");
    private readonly Option<string?> _bits = OptionFactory.Text("--bpw", [], "With --auto: the most bits per weight: 4.2", "BITS");
    private readonly Option<string?> _divergence = OptionFactory.Text(
        "--max-kld", [], "With --auto: the largest mean Kullback-Leibler divergence from the model on the text: 0.02", "NATS");

    private readonly Option<string?> _speed = OptionFactory.Text(
        "--tokens-per-second", [], "With --auto: the least speed of decoding, from the speed of each type", "N");

    private readonly Option<string?> _device = OptionFactory.Text(
        "--device", [], "With --tokens-per-second: the speeds of another machine, by 'edgert tune --type-speeds' or by --auto (OUT with "
        + ".device.json) [default: measure this machine]", "FILE");

    private readonly Option<string[]> _files = new TextRunOptions().Files;
    private readonly Option<int> _chunks = OptionFactory.Integer(
        "--chunks", [], "With --auto: the most chunks of the text; more measure better and take longer; -1 for all", 8, -1);

    private readonly Option<int> _context = OptionFactory.Integer(
        "--ctx", ["-c"], "With --auto: tokens of a chunk; 0: 512, or the context of the model if it is shorter", 0, 0);

    private readonly Option<string?> _measurements = OptionFactory.Text(
        "--measurements", [], "With --auto: the file that keeps the measurements, from which an interrupted or another search goes on "
        + "[default: OUT with .measurements.json]", "FILE");

    private readonly Option<string?> _plan = OptionFactory.Text(
        "--plan", [], "Instead of TYPE: a file with the type of each tensor, as --auto writes it beside OUT (.plan.json)", "FILE");

    /// <summary>Gets the options.</summary>
    public Option[] All => [_auto, _size, _bits, _divergence, _speed, _device, _files, _chunks, _context, _measurements, _plan];

    /// <summary>Gets whether the command line asks for types by measurement or from a plan.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_auto) || parsed.GetValue(_plan) is not null;

    /// <summary>Checks that the options fit together.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public void Check(ParseResult parsed)
    {
        bool isAuto = parsed.GetValue(_auto);
        Option? alone = isAuto ? null : All.FirstOrDefault(option => option != _auto && option != _plan && parsed.IsGiven(option));
        int limits = ((Option[])[_size, _bits, _divergence, _speed]).Count(option => parsed.IsGiven(option));
        string? problem = alone is not null ? $"{alone.Name} has no meaning without --auto"
            : !isAuto ? null
            : parsed.GetValue(_plan) is not null ? "--plan has no meaning with --auto"
            : limits != 1 ? "--auto: expected one of --size, --bpw, --max-kld and --tokens-per-second"
            : parsed.IsGiven(_device) && !parsed.IsGiven(_speed) ? $"{_device.Name} has no meaning without {_speed.Name}"
            : parsed.GetValue(_files) is null or [] ? "--auto: expected a text (-f)"
            : null;
        if (problem is not null)
        {
            throw new UsageException(problem);
        }
    }

    /// <summary>Reads the plan, or measures and chooses.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="input">The path of the model.</param>
    /// <param name="output">The path of the new file, which the plan lies beside; null for no files.</param>
    /// <param name="options">The importance matrix and the number of threads.</param>
    /// <returns>The types by the names of the tensors, and the plan with the measurements if there is one.</returns>
    public (IReadOnlyDictionary<string, TensorType> Types, MixPlan? Plan) FindTypes(
        ParseResult parsed, string input, string? output, QuantizationOptions options)
    {
        if (parsed.GetValue(_plan) is { } path)
        {
            return (UserFile.Use(path, MixPlan.LoadTypes), null);
        }

        MixPlan plan = Search(parsed, input, output, options);
        if (output is not null)
        {
            UserFile.Replace(Path.ChangeExtension(output, ".plan.json"), plan.Save);
            if (plan.Device is { } device && !parsed.IsGiven(_device))
            {
                UserFile.Replace(Path.ChangeExtension(output, ".device.json"), device.Save);
            }
        }

        return (plan.Types, plan);
    }

    private MixPlan Search(ParseResult parsed, string input, string? output, QuantizationOptions options)
    {
        MixBudget budget = GetBudget(parsed);
        DeviceProfile? device = parsed.GetValue(_device) is { } profile ? UserFile.Use(profile, DeviceProfile.Load) : null;
        using var interrupts = new Interrupts();
        using LanguageModel model = ModelLoading.Load(input, new ModelOptions { Threads = options.Threads, UseTuningProfile = false });
        int context = parsed.GetValue(_context) is > 0 and int given ? given : int.Min(TextRunOptions.DefaultContext, model.ContextLength);
        var text = ChunkedText.Read(
            model.Tokenizer, parsed.GetRequiredValue(_files), new ChunkSettings(context) { Most = parsed.GetValue(_chunks) });
        var settings = new MixSearchOptions
        {
            Importance = options.Importance,
            Device = device,
            Threads = options.Threads,
            MeasurementsFile = parsed.GetValue(_measurements)
                ?? (output is null ? null : Path.ChangeExtension(output, ".measurements.json")),
        };
        using var bar = new ProgressBar("measuring tensors");
        return MixSearch.Run(
            model, [.. Enumerable.Range(0, text.Count).Select(text.Input)], budget, settings, bar, interrupts.Arm());
    }

    private MixBudget GetBudget(ParseResult parsed) => parsed.GetValue(_size) is { } size
        ? MixBudget.OfBytes(ByteText.Parse(_size.Name, size))
        : parsed.GetValue(_bits) is { } bits ? MixBudget.OfBitsPerWeight(ParseNumber(_bits, bits))
        : parsed.GetValue(_divergence) is { } divergence ? MixBudget.OfDivergence(ParseNumber(_divergence, divergence))
        : MixBudget.OfTokensPerSecond(ParseNumber(_speed, parsed.GetValue(_speed)!));

    private static double ParseNumber(Option option, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number > 0 && double.IsFinite(number)
            ? number
            : throw new UsageException($"{option.Name} {text}: expected a number above 0");
}
