using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Threading;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Quantization;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert imatrix</c>: measures the importance matrix of a model on a text, as llama.cpp's tool does.</summary>
internal sealed class ImatrixCommand
{
    public const string Name = "imatrix";

    private readonly ModelCommandOptions _model = new(TextRunOptions.DefaultContext);
    private readonly TextRunOptions _text = new();
    private readonly Option<string> _output = new("--output", "-o", "--output-file", "--out")
    {
        Description = "The file to write",
        HelpName = "FILE",
        DefaultValueFactory = static _ => "imatrix.gguf",
    };

    private readonly Option<string[]> _inputs = new("--in-file")
    {
        Description = "An importance matrix to add; several are combined, also without a text. In the older binary format too",
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<int> _skip = OptionFactory.Integer("--chunk", ["--from-chunk"], "Chunks to leave out at the start", 0, 0);
    private readonly Option<int> _frequency = OptionFactory.Integer(
        "--output-frequency", ["-ofreq"], "Write the file after every N chunks; an interrupted run goes on from it", 10, 1);

    private readonly Option<int> _copies = OptionFactory.Integer(
        "--save-frequency", [], "Write a copy, FILE.at_CHUNK, after every N chunks; 0: none", 0, 0);

    private readonly Option<bool> _processOutput = OptionFactory.Switch(
        "--process-output", [], "Measure the output matrix too, unless it is also the embedding");

    private readonly Option<bool> _noPerplexity = OptionFactory.Switch("--no-ppl", [], "Compute no perplexity, which takes less time");
    private readonly Option<bool> _parseSpecial = OptionFactory.Switch("--parse-special", [], "Read special tokens in the text as such");
    private readonly Option<bool> _showStatistics = OptionFactory.Switch(
        "--show-statistics", [], "Show how the importance is distributed in a matrix (--in-file), and measure nothing");

    private readonly Option<bool> _force = OptionFactory.Switch("--force", [], "Replace an importance matrix that is there");

    public static Command Create() => new ImatrixCommand().CreateCommand();

    private Command CreateCommand()
    {
        var command = new Command(
            Name,
            "Measures the mean squares of the activations that the columns of a model's matrices multiply, on a text like those that the "
            + "model is for. Quantizers use them. The file is that of llama.cpp. An interrupted run goes on where it was, with the same "
            + "command.");
        _model.AddTo(command);
        foreach (Option option in (Option[])[
            _text.Files, _output, _text.Chunks, _skip, _inputs, _frequency, _copies, _processOutput, _noPerplexity, _parseSpecial,
            _showStatistics, _force])
        {
            command.Add(option);
        }

        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        IReadOnlyList<string> files = _text.GetFiles(parsed);
        string path = parsed.GetRequiredValue(_output);
        if (parsed.GetValue(_showStatistics))
        {
            ShowStatistics(parsed.GetValue(_inputs) ?? []);
            return 0;
        }

        if (files.Count == 0)
        {
            Combine(parsed, path);
            return 0;
        }

        using var interrupts = new Interrupts();
        using AppLog log = _model.CreateLog(parsed);
        ImatrixOutput.CheckTarget(path, parsed.GetValue(_force));
        string modelPath = _model.FindModel(parsed);
        using LanguageModel model = ModelLoading.Load(modelPath, _model.GetModelOptions(parsed, log));
        int context = TextRunOptions.GetContext(parsed, _model, model);
        ChunkedText text = ChunkedText.Read(model.Tokenizer, files, new ChunkSettings(context)
        {
            Skip = parsed.GetValue(_skip),
            Most = parsed.GetValue(_text.Chunks),
            ParseSpecial = parsed.GetValue(_parseSpecial),
        });
        IReadOnlyList<string> inputs = parsed.GetValue(_inputs) ?? [];
        string run = RunState.Fingerprint([modelPath, .. inputs], text.Hash(), parsed.GetValue(_processOutput));
        var output = new ImatrixOutput(path, run, parsed.GetValue(_force)) { CopyFrequency = parsed.GetValue(_copies) };
        ImportanceMatrix matrix = output.Interrupted ?? Begin(context, inputs, files);
        Measure(parsed, model, text, matrix, output, interrupts);
        return 0;
    }

    private void ShowStatistics(string[] inputs)
    {
        if (inputs is not [string input])
        {
            throw new UsageException($"{_showStatistics.Name} expects one matrix ({_inputs.Name} FILE)");
        }

        using var output = new StandardOutput();
        output.Write(ImatrixStatistics.Format(input, ImatrixOutput.Load(input)));
    }

    /// <summary>Adds matrices and writes the sum.</summary>
    private void Combine(ParseResult parsed, string path)
    {
        string[] inputs = parsed.GetValue(_inputs) ?? [];
        if (inputs.Length == 0)
        {
            throw new UsageException("expected a text (-f) to measure, or matrices (--in-file) to combine");
        }

        ImatrixOutput.CheckTarget(path, parsed.GetValue(_force));
        UserFile.Use(path, Begin(ImatrixOutput.Load(inputs[0]).ChunkSize, inputs, []).Save);
    }

    private static ImportanceMatrix Begin(int context, IReadOnlyList<string> inputs, IReadOnlyList<string> files)
    {
        var matrix = new ImportanceMatrix(context);
        foreach (string input in inputs)
        {
            try
            {
                matrix.Add(ImatrixOutput.Load(input));
            }
            catch (ArgumentException exception)
            {
                throw new CommandException($"{input}: {ErrorReport.Describe(exception)}", exception);
            }
        }

        foreach (string file in files)
        {
            matrix.AddDataset(file);
        }

        return matrix;
    }

    private void Measure(
        ParseResult parsed, LanguageModel model, ChunkedText text, ImportanceMatrix matrix, ImatrixOutput output, Interrupts interrupts)
    {
        using ModelSession session = model.CreateSession(_model.GetKvTypes(parsed).ApplyTo(new SessionOptions
        {
            ContextLength = text.Context,
            AllowLongContext = true,
            BatchTokens = Math.Min(text.Context, SessionOptions.DefaultBatchTokens),
        }));
        bool processOutput = parsed.GetValue(_processOutput);
        bool scores = session.CanGenerate && !parsed.GetValue(_noPerplexity);
        using var collector = new ImportanceCollector(model, matrix, processOutput);
        var chunks = new ChunkSession(session);
        var perplexity = new Perplexity(model.VocabularySize);
        int done = output.Done;
        void Step(int chunk, CancellationToken token)
        {
            if (scores || processOutput)
            {
                perplexity.Score(chunks, text, chunk, token, computeFrom: processOutput ? 0 : text.First);
            }
            else
            {
                chunks.Begin(text.Input(chunk), text.Context, token);
            }

            collector.Commit();
            done = chunk + 1;
            output.Copy(matrix, done);
            output.Keep(matrix, done, done % parsed.GetValue(_frequency) == 0);
        }

        RunLoop.Run(done, text.Count, "measuring", Step, () => output.Keep(matrix, done, isDue: true), interrupts);
        output.Complete(matrix);
        using var standard = new StandardOutput();
        standard.Write(scores && output.Done == 0
            ? FormattableString.Invariant($"Final estimate: PPL = {perplexity.Estimate:F4} +/- {perplexity.StandardError:F5}\n")
            : "");
        standard.Write(FormattableString.Invariant(
            $"{matrix.Tensors.Count} tensors, {matrix.ChunkCount} chunks of {matrix.ChunkSize} tokens\n"));
    }
}
