using System;
using System.CommandLine;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert eval perplexity</c>: computes perplexity as llama.cpp's tool does, so that results are comparable.</summary>
internal static class PerplexityCommand
{
    private const int DefaultContext = 512;

    public static Command Create()
    {
        var options = new ModelCommandOptions(DefaultContext);
        var adapters = new AdapterCommandOptions();
        var file = new Option<string>("--file", "-f") { Description = "The text, UTF-8", HelpName = "FILE", Required = true };
        Option<int> chunks = OptionFactory.Integer("--chunks", [], "Maximum number of chunks to score; -1 scores all", -1, -1);
        Option<bool> exact = OptionFactory.Switch("--exact", [], "Compute with float32 weights, activations and KV cache");
        Option<bool> json = OptionFactory.Switch("--json", [], "Print one JSON object at the end instead of the running estimate");
        var command = new Command(
            "perplexity",
            "Computes the perplexity of a text as llama.cpp does: the text is tokenized once and cut into chunks of --ctx tokens, BOS "
            + "takes the first place of each where the vocabulary adds one, and the second half of each chunk is scored.");
        options.AddTo(command);
        adapters.AddTo(command);
        foreach (Option option in (Option[])[file, chunks, exact, json])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            if (parsed.GetValue(chunks) == 0)
            {
                throw new UsageException("--chunks 0: expected 1 or more, or -1 for all");
            }

            string text = UserFile.ReadText(parsed.GetRequiredValue(file));
            using AppLog log = options.CreateLog(parsed);
            using LanguageModel model = ModelLoading.Load(
                options.FindModel(parsed), options.GetModelOptions(parsed, log, parsed.GetValue(exact)));
            int context = options.GetContextLength(parsed, model.ContextLength) ?? Math.Min(DefaultContext, model.ContextLength);
            int[] tokens = Tokenize(model.Tokenizer, text, context, out int? begin);
            int count = tokens.Length / context;
            if (parsed.GetValue(chunks) is > 0 and int most)
            {
                count = Math.Min(count, most);
            }

            using ModelSession session = model.CreateSession(adapters.Apply(
                parsed, model,
                options.GetKvTypes(parsed).ApplyTo(new SessionOptions { ContextLength = context, AllowLongContext = true })));
            if (!session.CanGenerate)
            {
                throw new CommandException(
                    $"{model.Path}: a model of architecture '{model.Architecture}' has no perplexity: "
                    + "it sees the tokens that it would predict");
            }

            using var output = new StandardOutput();
            bool quiet = parsed.GetValue(json);
            var perplexity = new Perplexity(session, context, begin);
            for (int chunk = 0; chunk < count; chunk++)
            {
                perplexity.Score(tokens.AsSpan(chunk * context, context));
                if (!quiet)
                {
                    output.Write(FormattableString.Invariant($"[{chunk + 1}]{perplexity.Estimate:F4},"));
                }
            }

            Report(perplexity, count, context, quiet, output);
            return 0;
        });
        return command;
    }

    private static int[] Tokenize(Tokenizer tokenizer, string text, int context, out int? begin)
    {
        if (context < 4)
        {
            throw new UsageException($"--ctx {context}: expected 4 or more");
        }

        int[] tokens = tokenizer.Encode(text, addSpecial: true, parseSpecial: false);
        if (tokens.Length < 2 * context)
        {
            throw new CommandException($"the text has {tokens.Length} tokens; at least {2 * context} are needed with --ctx {context}");
        }

        // The tokens of an empty text show whether the vocabulary adds BOS.
        begin = tokenizer.Encode("", addSpecial: true).FirstOrDefault(-1) == tokenizer.BeginOfSequence ? tokenizer.BeginOfSequence : null;
        return tokens;
    }

    private static void Report(Perplexity perplexity, int chunks, int context, bool json, StandardOutput output)
    {
        if (!json)
        {
            output.Write(FormattableString.Invariant(
                $"\nFinal estimate: PPL = {perplexity.Estimate:F4} +/- {perplexity.StandardError:F5}\n"));
            return;
        }

        JsonText.Write(
            new JsonObject
            {
                ["perplexity"] = perplexity.Estimate,
                ["standard_error"] = perplexity.StandardError,
                ["context"] = context,
                ["chunks"] = chunks,
                ["tokens_scored"] = perplexity.Count,
            },
            output);
    }
}
