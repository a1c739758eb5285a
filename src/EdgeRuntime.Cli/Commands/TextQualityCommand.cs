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

/// <summary><c>edgert eval text</c>: compares the answers of a model with references.</summary>
internal sealed class TextQualityCommand
{
    private readonly ModelCommandOptions _model = new();
    private readonly AdapterCommandOptions _adapters = new();
    private readonly AnswerOptions _answers = new();
    private readonly TextRunOptions _text = new();

    public static Command Create() => new TextQualityCommand().CreateCommand();

    private Command CreateCommand()
    {
        var command = new Command(
            "text",
            "Lets a model answer prompts and compares the answers with references: BLEU (as sacreBLEU), ROUGE-1, ROUGE-2 and ROUGE-L (as "
            + "Google's rouge_score without stemming).");
        _model.AddTo(command);
        _adapters.AddTo(command);
        _answers.AddTo(command);
        command.Add(_text.Resume);
        command.Add(_text.Json);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        PromptItem[] items = _answers.ReadPrompts(parsed, needsReference: true);
        using var interrupts = new Interrupts();
        using AppLog log = _model.CreateLog(parsed);
        string path = _model.FindModel(parsed);
        using LanguageModel model = ModelLoading.Load(path, _model.GetModelOptions(parsed, log));
        using ModelSession session = model.CreateSession(_adapters.Apply(
            parsed, model, _model.GetSessionOptions(parsed, _model.GetContextLength(parsed, model.ContextLength))));
        GenerationOptions generation = _answers.GetGeneration(parsed);
        string? system = _answers.GetSystem(parsed);
        var state = RunState.Open(parsed.GetValue(_text.Resume), RunState.Fingerprint(
            [path, parsed.GetRequiredValue(_answers.File)], items.Length, AnswerOptions.Describe(generation, system), session.ContextLength,
            _model.GetKvTypes(parsed), _adapters.Describe(parsed)));
        List<string> answers = [.. (state.Data?["answers"]?.AsArray() ?? []).Select(static answer => answer!.GetValue<string>())];
        state.Run(
            answers.Count, items.Length, "answering",
            (index, token) => answers.Add(PromptAnswers.Answer(session, generation, system, items[index].Prompt, token).Text),
            () => new JsonObject { ["answers"] = new JsonArray([.. answers.Select(static answer => (JsonNode)answer)]) },
            interrupts);
        state.End();
        Report(parsed, path, items, answers);
        return 0;
    }

    private void Report(ParseResult parsed, string model, PromptItem[] items, List<string> answers)
    {
        var quality = new TextQuality();
        for (int i = 0; i < items.Length; i++)
        {
            quality.Add(answers[i], items[i].References);
        }

        using var output = new StandardOutput();
        if (parsed.GetValue(_text.Json))
        {
            JsonText.Write(ToJson(model, items, answers, quality), output);
            return;
        }

        output.Write(FormattableString.Invariant($"{items.Length} answers\n  {"BLEU",-8}{quality.Bleu,8:F2}\n"));
        foreach ((string name, MeanAndError f1) in quality.Rouge)
        {
            output.Write(FormattableString.Invariant($"  {name,-8}{100 * f1.Mean,8:F2} ± {100 * f1.Error:F2}\n"));
        }
    }

    private static JsonObject ToJson(string model, PromptItem[] items, List<string> answers, TextQuality quality)
    {
        var json = new JsonObject { ["model"] = model, ["items"] = items.Length, ["bleu"] = quality.Bleu };
        foreach ((string name, MeanAndError f1) in quality.Rouge)
        {
            json[name] = f1.Mean;
            json[name + "_error"] = f1.Error;
        }

        json["answers"] = new JsonArray([.. items.Select((item, i) => (JsonNode)new JsonObject
        {
            ["prompt"] = item.Prompt,
            ["answer"] = answers[i],
            ["references"] = new JsonArray([.. item.References.Select(static reference => (JsonNode)reference)]),
        })]);
        return json;
    }
}
