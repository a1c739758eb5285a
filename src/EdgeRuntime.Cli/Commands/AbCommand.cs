using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Html;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert eval ab</c>: lets two models answer the same prompts, compares the answers and counts votes on them.</summary>
internal sealed class AbCommand
{
    private readonly ModelCommandOptions _model = new();
    private readonly AnswerOptions _answers = new();
    private readonly TextRunOptions _text = new();
    private readonly EnergyCommandOptions _energy = new();
    private readonly Argument<string[]> _models = new("models")
    {
        Description = "The models A and B: files or names, as elsewhere",
        HelpName = "A B",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _html = OptionFactory.Text("--html", [], "Write a page with the answers side by side", "FILE");

    private readonly Option<bool> _blind = OptionFactory.Switch(
        "--blind", [], "With --html: hide which answer is whose, with another order for each prompt, and take votes in the page");

    private readonly Option<string[]> _votes = new("--votes")
    {
        Description = "Instead of letting models answer: count the votes that a blind page has saved; may be given several times",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create() => new AbCommand().CreateCommand();

    private Command CreateCommand()
    {
        _answers.File.Required = false;
        _answers.File.Description = "The prompts: one on each line, or (FILE.jsonl) a JSON object with 'prompt' and perhaps 'reference' or "
            + "'references'";
        var command = new Command(
            "ab",
            "Lets two models answer the same prompts with the same seed, one model after the other, and compares the answers: equal texts, "
            + "ROUGE-L, lengths, speed, memory, energy, and a sign test on references and votes.")
        {
            _models,
        };
        _answers.AddTo(command);
        Option[] options =
        [
            _html, _blind, _votes, _text.Resume, _text.Json, _model.Context, _model.Threads, .. _model.KvTypeOptions, _model.Isa,
            _model.PreTokenizer, _model.NoTuning, _model.PackedCache, _model.Verbose, _model.LogFile,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }

        _model.Device.AddTo(command);
        _energy.AddTo(command);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        CheckOptions(parsed);
        if (parsed.GetValue(_votes) is { Length: > 0 } votes)
        {
            CountVotes(votes, parsed.GetValue(_text.Json));
            return 0;
        }

        PromptItem[] items = _answers.ReadPrompts(parsed, needsReference: false);
        string[] paths = [.. parsed.GetRequiredValue(_models).Select(ModelLocator.Find)];
        using HtmlFile? page = HtmlFile.Create(parsed.GetValue(_html), parsed.GetRequiredValue(_answers.File));
        using EnergyMeter? energy = _energy.Open(parsed);
        GenerationOptions generation = _answers.GetGeneration(parsed);
        string run = Fingerprint(parsed, paths, items.Length, generation);
        var state = RunState.Open(parsed.GetValue(_text.Resume), run);
        using AppLog log = _model.CreateLog(parsed);
        var answers = new AbRun(items, generation, _answers.GetSystem(parsed), energy)
        {
            Load = path => ModelLoading.Load(path, _model.GetModelOptions(parsed, log)),
            CreateSession = model => model.CreateSession(
                _model.GetSessionOptions(parsed, _model.GetContextLength(parsed, model.ContextLength))),
        };
        AbModel[] models = answers.Compute(paths, state);
        var comparison = new AbComparison(models[0], models[1], items, new AbOrder(run, generation.Seed ?? 0), energy);
        if (page is not null)
        {
            AbPage.Write(comparison, parsed.GetValue(_blind), page.Writer);
            page.Commit();
        }

        Report(comparison, parsed.GetValue(_text.Json));
        state.End();
        return 0;
    }

    private void CheckOptions(ParseResult parsed)
    {
        int models = (parsed.GetValue(_models) ?? []).Length;
        bool counts = parsed.IsGiven(_votes);
        bool hasPrompts = parsed.IsGiven(_answers.File);
        string? problem = counts && (models > 0 || hasPrompts || parsed.IsGiven(_html))
            ? $"{_votes.Name} counts votes only; leave out models, {_answers.File.Name} and {_html.Name}"
            : !counts && (models != 2 || !hasPrompts) ? $"expected: edgert eval ab A B -f PROMPTS, or edgert eval ab {_votes.Name} FILE"
            : parsed.GetValue(_blind) && !parsed.IsGiven(_html) ? $"{_blind.Name} has no meaning without {_html.Name}"
            : null;
        if (problem is not null)
        {
            throw new UsageException(problem);
        }
    }

    private string Fingerprint(ParseResult parsed, string[] paths, int items, GenerationOptions generation) => RunState.Fingerprint(
        [.. paths, parsed.GetRequiredValue(_answers.File)], items, AnswerOptions.Describe(generation, _answers.GetSystem(parsed)),
        parsed.IsGiven(_model.Context) ? parsed.GetValue(_model.Context) : null, _model.GetKvTypes(parsed));

    private static void Report(AbComparison comparison, bool json)
    {
        using var output = new StandardOutput();
        if (json)
        {
            JsonText.Write(comparison.ToJson(), output);
            return;
        }

        output.Write($"A: {comparison.Models[0].Path}\nB: {comparison.Models[1].Path}\n");
        output.Write(FormattableString.Invariant(
            $"{Plural.Of(comparison.Items.Count, "prompt")}, seed {comparison.Order.Seed}; ± is the standard error\n"));
        IReadOnlyList<(string Title, string A, string B)> rows = [("", "A", "B"), .. comparison.Rows()];
        int title = rows.Max(static row => row.Title.Length);
        int figure = rows.Max(static row => Math.Max(row.A.Length, row.B.Length));
        foreach ((string name, string a, string b) in rows)
        {
            output.Write($"  {name.PadRight(title)}  {a.PadLeft(figure)}  {b.PadLeft(figure)}\n");
        }

        foreach (string line in comparison.Lines())
        {
            output.Write($"  {line}\n");
        }
    }

    private static void CountVotes(string[] files, bool json)
    {
        var votes = new AbVotes();
        foreach (string file in files)
        {
            votes.Add(file);
        }

        using var output = new StandardOutput();
        output.Write(json ? JsonText.Format(votes.ToJson()) + "\n" : $"{votes.Count}\n");
    }
}
