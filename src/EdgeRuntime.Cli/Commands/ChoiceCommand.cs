using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert eval choice</c>: counts the questions that a model answers best with the right choice.</summary>
internal sealed class ChoiceCommand
{
    private readonly ModelCommandOptions _model = new();
    private readonly AdapterCommandOptions _adapters = new();
    private readonly TextRunOptions _text = new();
    private readonly Option<string> _task = new("--task")
    {
        Description = $"The questions: {TaskFile.Names}, or a file with a JSON object on each line: 'query', 'choices' and 'gold'; "
            + "'context_options', 'continuation' and 'gold'; or 'context' and 'continuation'",
        HelpName = "NAME|FILE",
        Required = true,
    };

    private readonly Option<string?> _folder = OptionFactory.Text(
        "--task-folder", [], $"The folder of the named tasks [default: {TaskFile.FolderVariable}, or edgert/tasks among the user's data]",
        "DIR");

    private readonly Option<int> _limit = OptionFactory.Integer("--limit", [], "Use the first N items; -1: all", -1, -1);
    private readonly Option<string?> _answer = OptionFactory.Text(
        "--answer", [], "What stands between a query and its choices [default: a new line and 'Answer:']", "TEXT");

    private readonly Option<bool> _exact = OptionFactory.Switch("--exact", [], "Compute with float32 weights, activations and KV cache");

    public static Command Create() => new ChoiceCommand().CreateCommand();

    private Command CreateCommand()
    {
        var command = new Command(
            "choice",
            "Measures the accuracy of a model on questions with choices, by the likelihood of each choice after the question, as "
            + "lm-evaluation-harness does.");
        _model.AddTo(command);
        _adapters.AddTo(command);
        foreach (Option option in (Option[])[_task, _folder, _limit, _answer, _exact, _text.Resume, _text.Json])
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string task = TaskFile.Find(parsed.GetRequiredValue(_task), parsed.GetValue(_folder));
        string answer = parsed.GetValue(_answer) ?? "\nAnswer:";
        ChoiceItem[] items = [.. JsonLine.Read(task, parsed.GetValue(_limit)).Select(line => ChoiceItem.Read(line, answer))];
        using var interrupts = new Interrupts();
        using AppLog log = _model.CreateLog(parsed);
        string path = _model.FindModel(parsed);
        using LanguageModel model = ModelLoading.Load(path, _model.GetModelOptions(parsed, log, parsed.GetValue(_exact)));
        using ModelSession session = ScoringSession.Create(model, _adapters.Apply(
            parsed, model, _model.GetSessionOptions(parsed, _model.GetContextLength(parsed, model.ContextLength))));
        var state = RunState.Open(parsed.GetValue(_text.Resume), RunState.Fingerprint(
            [path, task], items.Length, answer, parsed.GetValue(_exact), session.ContextLength, _model.GetKvTypes(parsed),
            _adapters.Describe(parsed)));
        ChoiceResults results = Compute(items, new ChoiceScorer(session, model), state, interrupts);
        using var output = new StandardOutput();
        if (parsed.GetValue(_text.Json))
        {
            JsonText.Write(ToJson(path, task, results), output);
        }
        else
        {
            Write(task, results, output);
        }

        return 0;
    }

    private static ChoiceResults Compute(ChoiceItem[] items, ChoiceScorer scorer, RunState state, Interrupts interrupts)
    {
        var results = new ChoiceResults();
        if (state.Data is { } data)
        {
            results.Restore(data);
        }

        state.Run(
            results.Count, items.Length, "answering",
            (index, token) => results.Add(items[index], scorer.Score(items[index], token)),
            results.Save, interrupts);
        state.End();
        return results;
    }

    private static IEnumerable<(string Label, string Key, Proportion Share)> Shares(ChoiceResults results)
    {
        yield return ("accuracy", "accuracy", results.Accuracy);
        if (results.Perplexity is null)
        {
            yield return ("accuracy, length-normalized", "accuracy_normalized", results.NormalizedAccuracy);
        }
    }

    private static void Write(string task, ChoiceResults results, StandardOutput output)
    {
        output.Write(FormattableString.Invariant($"{task}: {Plural.Of(results.Count, "question")}; ± is the standard error\n"));
        foreach ((string label, _, Proportion share) in Shares(results))
        {
            (double low, double high) = share.Interval;
            output.Write(
                FormattableString.Invariant($"  {label,-28}{100 * share.Value,7:F2} % ± {100 * share.Error:F2} % ")
                + FormattableString.Invariant($"(95 % interval: {100 * low:F2} to {100 * high:F2} %)\n"));
        }

        if (results.Perplexity is { } perplexity)
        {
            output.Write(FormattableString.Invariant($"  {"perplexity",-28}{perplexity,7:F2}\n"));
        }
    }

    private static JsonObject ToJson(string model, string task, ChoiceResults results)
    {
        var json = new JsonObject { ["model"] = model, ["task"] = task, ["items"] = results.Count };
        foreach ((_, string key, Proportion share) in Shares(results))
        {
            (double low, double high) = share.Interval;
            json[key] = share.Value;
            json[key + "_error"] = share.Error;
            json[key + "_interval"] = new JsonArray(low, high);
        }

        if (results.Perplexity is { } perplexity)
        {
            json["perplexity"] = perplexity;
        }

        return json;
    }
}
