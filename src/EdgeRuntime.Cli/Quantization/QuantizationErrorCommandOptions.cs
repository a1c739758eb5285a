using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Html;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Quantization;

/// <summary>The options of <c>edgert quantize</c> that measure the errors of many ways to quantize a model and make no file.</summary>
internal sealed class QuantizationErrorCommandOptions
{
    private readonly Option<bool> _report = OptionFactory.Switch(
        "--report", [], "Measure what each type and plain rounding would cost each tensor of MODEL.gguf, and write no model");

    private readonly Option<string[]> _types = new("--types")
    {
        Description = "With --report: the types to measure, separated by commas [default: all below 16 bits]",
        HelpName = "TYPE,TYPE",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<int[]> _bits = OptionFactory.Integers(
        "--bits", [], "With --report: bits of plain rounding, per tensor, per row (channel) and per group, symmetric and asymmetric",
        [4, 8], 2, 8);

    private readonly Option<int> _group = OptionFactory.Integer(
        "--group-size", [], "With --report: weights of a row that share a scale in plain rounding per group", 32, 1);

    private readonly Option<long> _sample = OptionFactory.LongInteger(
        "--sample", [], "With --report: of a tensor with more weights than this, measure a sample of rows; 0: measure all rows",
        QuantizationErrorOptions.DefaultMaxWeights, 0);

    private readonly Option<string?> _html = OptionFactory.Text(
        "--html", [], "With --report: also write a page with tables and plots", "FILE");

    /// <summary>Gets the options.</summary>
    public Option[] All => [_report, _types, _bits, _group, _sample, _html];

    /// <summary>Gets whether the command line asks for a report.</summary>
    /// <exception cref="UsageException">It has options of a report but not <c>--report</c>.</exception>
    public bool IsWanted(ParseResult parsed)
    {
        bool isWanted = parsed.GetValue(_report);
        return isWanted || Array.Find(All, parsed.IsGiven) is not { } lone
            ? isWanted
            : throw new UsageException($"{lone.Name} has no meaning without {_report.Name}");
    }

    /// <summary>Measures the errors and shows them.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="arguments">The arguments of the command line.</param>
    /// <param name="importance">The importance matrix, or null.</param>
    /// <param name="threads">The number of threads; 0 for one for each physical core.</param>
    /// <param name="json">Whether JSON is printed and not a table.</param>
    /// <exception cref="UsageException">Wrong arguments.</exception>
    public void Run(ParseResult parsed, string[] arguments, ImportanceMatrix? importance, int threads, bool json)
    {
        if (arguments is not [var name])
        {
            throw new UsageException($"expected: edgert quantize {_report.Name} MODEL.gguf");
        }

        QuantizationErrorOptions options = ReadOptions(parsed, importance, threads);
        string path = ModelLocator.Find(name);
        using HtmlFile? page = HtmlFile.Create(parsed.GetValue(_html));
        using GgufFile source = GgufFile.Open(path);
        QuantizationErrorReport report = Measure(source, options);
        if (page is not null)
        {
            QuantizationErrorPage.Write(Path.GetFileName(path), options.GroupSize, report, page.Writer);
            page.Commit();
        }

        using var output = new StandardOutput();
        if (json)
        {
            JsonText.Write(QuantizationErrorText.ToJson(path, report), output);
        }
        else
        {
            QuantizationErrorText.WriteTable(report, options, TerminalConsole.TableWidth, output);
        }
    }

    private static QuantizationErrorReport Measure(GgufFile source, QuantizationErrorOptions options)
    {
        using var interrupts = new Interrupts();
        using var bar = new ProgressBar("measuring errors");
        return QuantizationErrorReport.Measure(source, options, bar, interrupts.Arm());
    }

    private QuantizationErrorOptions ReadOptions(ParseResult parsed, ImportanceMatrix? importance, int threads)
    {
        IEnumerable<string> types = (parsed.GetValue(_types) ?? []).SelectMany(static list => list.Split(','));
        var options = new QuantizationErrorOptions
        {
            Bits = parsed.GetRequiredValue(_bits),
            GroupSize = parsed.GetValue(_group),
            MaxWeights = parsed.GetValue(_sample),
            Importance = importance,
        };
        options = parsed.IsGiven(_types)
            ? options with { Types = [.. types.Select(type => TensorTypeOption.Parse(_types.Name, type.Trim()))] }
            : options;
        return threads > 0 ? options with { Threads = threads } : options;
    }
}
