using System;
using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert eval perplexity</c>: computes perplexity as llama.cpp's tool does, so that results are comparable.</summary>
internal sealed class PerplexityCommand
{
    private readonly ModelCommandOptions _model = new(TextRunOptions.DefaultContext);
    private readonly AdapterCommandOptions _adapters = new();
    private readonly TextRunOptions _text = new();
    private readonly Option<int> _stride = OptionFactory.Integer(
        "--stride", ["--ppl-stride"],
        "Score the last N tokens of chunks that begin N tokens after each other and are N/2 longer; 0: half of chunks side by side", 0, 0);

    private readonly Option<bool> _exact = OptionFactory.Switch("--exact", [], "Compute with float32 weights, activations and KV cache");
    private readonly Option<string?> _base = OptionFactory.Text(
        "--base", [], "The result of another run on the same text, written by --json, to compare with", "FILE");

    public static Command Create() => new PerplexityCommand().CreateCommand();

    private Command CreateCommand()
    {
        _text.Files.Required = true;
        var command = new Command(
            "perplexity",
            "Computes the perplexity of a text as llama.cpp does: the text is tokenized once and cut into chunks of --ctx tokens, BOS "
            + "takes the first place of each where the vocabulary adds one, and the second half of each chunk is scored.");
        _model.AddTo(command);
        _adapters.AddTo(command);
        foreach (Option option in (Option[])[_text.Files, _text.Chunks, _stride, _exact, _base, _text.Resume, _text.Json])
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        using var interrupts = new Interrupts();
        using AppLog log = _model.CreateLog(parsed);
        string path = _model.FindModel(parsed);
        using LanguageModel model = ModelLoading.Load(path, _model.GetModelOptions(parsed, log, parsed.GetValue(_exact)));
        int context = TextRunOptions.GetContext(parsed, _model, model);
        ChunkedText text = ChunkedText.Read(model.Tokenizer, _text.GetFiles(parsed), new ChunkSettings(context)
        {
            Stride = parsed.GetValue(_stride),
            Most = parsed.GetValue(_text.Chunks),
        });
        double[]? before = parsed.GetValue(_base) is { } file ? PerplexityReport.ReadBase(file, text) : null;
        using ModelSession session = CreateSession(parsed, model, text.Context);
        using var output = new StandardOutput();
        var perplexity = new Perplexity(model.VocabularySize);
        Compute(parsed, path, text, session, perplexity, output, interrupts);
        Report(parsed, new PerplexityReport(text, perplexity), before, context, output);
        return 0;
    }

    private ModelSession CreateSession(ParseResult parsed, LanguageModel model, int context) => ScoringSession.Create(
        model,
        _adapters.Apply(
            parsed, model, _model.GetKvTypes(parsed).ApplyTo(new SessionOptions { ContextLength = context, AllowLongContext = true })));

    private void Compute(
        ParseResult parsed,
        string path,
        ChunkedText text,
        ModelSession session,
        Perplexity perplexity,
        StandardOutput output,
        Interrupts interrupts)
    {
        bool json = parsed.GetValue(_text.Json);
        var state = RunState.Open(parsed.GetValue(_text.Resume), RunState.Fingerprint(
            [path], text.Hash(), text.First, parsed.GetValue(_exact), _model.GetKvTypes(parsed),
            _adapters.Describe(parsed)));
        if (state.Data is { } data)
        {
            perplexity.Restore(data);
        }

        var chunks = new ChunkSession(session);
        state.Run(
            perplexity.Chunks.Count, text.Count, json ? "perplexity" : null,
            (chunk, token) =>
            {
                perplexity.Score(chunks, text, chunk, token);
                if (!json)
                {
                    output.Write(FormattableString.Invariant($"[{chunk + 1}]{perplexity.Estimate:F4},"));
                }
            },
            perplexity.Save, interrupts);
        state.End();
    }

    private void Report(ParseResult parsed, PerplexityReport report, double[]? before, int context, StandardOutput output)
    {
        JsonObject? comparison = before is null ? null : report.Compare(before);
        if (parsed.GetValue(_text.Json))
        {
            JsonText.Write(report.ToJson(context, parsed.GetValue(_stride), comparison), output);
        }
        else
        {
            report.Write(output, comparison);
        }
    }
}
