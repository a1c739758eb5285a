using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert eval kld</c>: compares the probabilities of models with those of a base model, as llama.cpp's tool does.</summary>
internal sealed class KldCommand
{
    private readonly ModelCommandOptions _model = new(TextRunOptions.DefaultContext);
    private readonly TextRunOptions _text = new();
    private readonly Argument<string[]> _models = new("models")
    {
        Description = "The base model and the models to compare with it; with --logits only the latter. Files or names, as elsewhere",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _logits = OptionFactory.Text(
        "--logits", ["--kl-divergence-base"], "A file of the base's logits and its tokens, instead of the base model and a text", "FILE");

    private readonly Option<string?> _saveLogits = OptionFactory.Text(
        "--save-logits", [], "Write the base's logits to a file, in llama.cpp's format; then the base may be the only model", "FILE");

    private readonly Option<bool> _exact = OptionFactory.Switch(
        "--exact", [], "Compute the base with float32 weights, activations and KV cache");

    public static Command Create() => new KldCommand().CreateCommand();

    private Command CreateCommand()
    {
        var command = new Command(
            "kld",
            "Compares the probabilities of quantized models with those of a base model on a text: Kullback-Leibler divergence, changes of "
            + "probabilities, the most probable tokens, perplexities. Chunks are those of 'eval perplexity'.")
        {
            _models,
        };
        Option[] options =
        [
            _text.Files, _model.Context, _text.Chunks, _logits, _saveLogits, _exact, _text.Resume, _text.Json, _model.Threads,
            .. _model.KvTypeOptions, _model.Isa, _model.PreTokenizer, _model.NoTuning, _model.PackedCache, _model.Verbose, _model.LogFile,
        ];
        foreach (Option option in options)
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string[] paths = [.. parsed.GetRequiredValue(_models).Select(ModelLocator.Find)];
        CheckOptions(parsed, paths.Length);
        using var interrupts = new Interrupts();
        using AppLog log = _model.CreateLog(parsed);
        using var open = new OpenModels();
        string? logits = parsed.GetValue(_logits);
        using LogitsFileReader? file = logits is null ? null : LogitsFileReader.Open(logits);
        LanguageModel first = open.Load(paths[0], _model.GetModelOptions(parsed, log, file is null && parsed.GetValue(_exact)));
        ChunkedText text = ReadText(parsed, first, file);
        using LogitsFileWriter? writer =
            parsed.GetValue(_saveLogits) is { } target ? new LogitsFileWriter(target, text, first.VocabularySize) : null;
        IBaseLogits reference = file is not null ? file : new ComputedLogits(Open(parsed, open, first, text), writer);
        List<KlDivergence> models = [];
        for (int i = file is null ? 1 : 0; i < paths.Length; i++)
        {
            LanguageModel model = i == 0 ? first : open.Load(paths[i], _model.GetModelOptions(parsed, log));
            CheckVocabulary(model, file is null ? text : null, parsed, first.Path, file?.Vocabulary ?? first.VocabularySize);
            models.Add(new KlDivergence(Open(parsed, open, model, text)));
        }

        string[] files = logits is null ? paths : [logits, .. paths];
        Compare(parsed, RunState.Fingerprint(files, text.Hash(), parsed.GetValue(_exact), _model.GetKvTypes(parsed)), text, reference,
            models, interrupts);
        writer?.Commit();
        Report(parsed, models, logits ?? first.Path, text);
        return 0;
    }

    private void CheckOptions(ParseResult parsed, int models)
    {
        bool fromFile = parsed.GetValue(_logits) is not null;
        bool saves = parsed.GetValue(_saveLogits) is not null;
        string? problem = fromFile && (saves || parsed.GetValue(_exact))
            ? "--logits: the base is a file; --save-logits and --exact need its model"
            : fromFile && _text.GetFiles(parsed).Count > 0 ? "--logits: the file has its text; leave out -f"
            : fromFile && parsed.IsGiven(_model.Context) ? "--logits: the file has its context; leave out --ctx"
            : !fromFile && _text.GetFiles(parsed).Count == 0 ? "expected a text (-f), or a file of logits (--logits)"
            : !fromFile && !saves && models < 2 ? "expected a base model and at least one model to compare with it"
            : saves && parsed.GetValue(_text.Resume) is not null ? "--save-logits writes its file in one run; leave out --resume"
            : null;
        if (problem is not null)
        {
            throw new UsageException(problem);
        }
    }

    private ChunkedText ReadText(ParseResult parsed, LanguageModel model, LogitsFileReader? file) => file is not null
        ? ChunkedText.Of(model.Tokenizer, parsed.GetRequiredValue(_logits)!, file.Tokens, file.Context, parsed.GetValue(_text.Chunks))
        : ReadText(parsed, model, TextRunOptions.GetContext(parsed, _model, model));

    private ChunkedText ReadText(ParseResult parsed, LanguageModel model, int context) => ChunkedText.Read(
        model.Tokenizer, _text.GetFiles(parsed), new ChunkSettings(context) { Most = parsed.GetValue(_text.Chunks) });

    /// <summary>Checks that a model reads the text as the base does.</summary>
    private void CheckVocabulary(LanguageModel model, ChunkedText? text, ParseResult parsed, string reference, int vocabulary)
    {
        if (model.VocabularySize != vocabulary)
        {
            throw new CommandException(
                $"{model.Path}: has a vocabulary of {model.VocabularySize} tokens, the base one of {vocabulary}; "
                + "compare models of one family");
        }

        if (text is not null && ReadText(parsed, model, text.Context).Hash() != text.Hash())
        {
            throw new CommandException($"{model.Path}: splits the text into other tokens than {reference}; compare models of one family");
        }
    }

    private ChunkSession Open(ParseResult parsed, OpenModels open, LanguageModel model, ChunkedText text) => new(open.Add(
        ScoringSession.Create(model, _model.GetKvTypes(parsed).ApplyTo(
            new SessionOptions { ContextLength = text.Context, AllowLongContext = true }))));

    private void Compare(
        ParseResult parsed,
        string fingerprint,
        ChunkedText text,
        IBaseLogits reference,
        List<KlDivergence> models,
        Interrupts interrupts)
    {
        var state = RunState.Open(parsed.GetValue(_text.Resume), fingerprint);
        int done = state.Data?["chunks"]?.GetValue<int>() ?? 0;
        for (int i = 0; state.Data is { } data && i < models.Count; i++)
        {
            models[i].Restore(data["models"]![i]!);
        }

        void Step(int chunk, CancellationToken token)
        {
            CompareChunk(chunk, text, reference, models, token);
            done = chunk + 1;
        }

        JsonObject Save()
        {
            models.ForEach(model => model.Forget(done * text.Scored));
            return new JsonObject
            {
                ["chunks"] = done,
                ["models"] = new JsonArray([.. models.Select(static model => (JsonNode)model.Save())]),
            };
        }

        state.Run(done, text.Count, "comparing", Step, Save, interrupts);
        state.End();
    }

    private static void CompareChunk(
        int chunk, ChunkedText text, IBaseLogits reference, List<KlDivergence> models, CancellationToken cancellationToken)
    {
        reference.Begin(chunk, text, cancellationToken);
        models.ForEach(model => model.Begin(chunk, text, cancellationToken));
        ReadOnlySpan<int> next = text.Tokens(chunk)[(text.First + 1)..];
        for (int count; (count = reference.Next(cancellationToken)) > 0; next = next[count..])
        {
            foreach (KlDivergence model in models)
            {
                model.Compare(reference, count, next, cancellationToken);
            }
        }
    }

    private void Report(ParseResult parsed, List<KlDivergence> models, string reference, ChunkedText text)
    {
        using var output = new StandardOutput();
        if (parsed.GetValue(_text.Json))
        {
            JsonText.Write(KldReport.ToJson(models, reference, text), output);
        }
        else
        {
            KldReport.Write(models, output);
        }
    }
}
