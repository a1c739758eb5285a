using System;
using System.CommandLine;
using System.Diagnostics;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Chat;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert run</c>: answers one prompt; standard output has the answer only.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var options = new ModelCommandOptions();
        var sampling = new SamplingCommandOptions();
        var conversation = new ConversationCommandOptions();
        var speculation = new SpeculationCommandOptions();
        var adapters = new AdapterCommandOptions();
        var words = new Argument<string?>("prompt")
        {
            Description = "The prompt [default: standard input]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?> prompt = OptionFactory.Text("--prompt", ["-p"], "The prompt, instead of the argument", "TEXT");
        Option<string?> file = OptionFactory.Text("--file", ["-f"], "A file with the prompt", "FILE");
        Option<bool> json = OptionFactory.Switch(
            "--json", [], "Print one JSON object instead: text, tokens, stop_reason, prompt_tokens, seed, model, timings");
        var command = new Command("run", "Answers one prompt on standard output; everything else goes to standard error.");
        options.AddTo(command);
        command.Add(words);
        command.Add(prompt);
        command.Add(file);
        sampling.AddTo(command);
        conversation.AddTo(command);
        speculation.AddTo(command);
        adapters.AddTo(command);
        command.Add(json);
        command.SetAction(parsed =>
        {
            string text = ReadPrompt(PromptArgument(parsed, options, words), parsed.GetValue(prompt), parsed.GetValue(file));
            using var interrupts = new Interrupts();
            var interrupted = interrupts.Arm();
            using AppLog log = options.CreateLog(parsed);
            long start = Stopwatch.GetTimestamp();
            using LanguageModel model = ModelLoading.Load(
                options.FindModel(parsed), options.GetModelOptions(parsed, log), cancellationToken: interrupted);
            TimeSpan load = Stopwatch.GetElapsedTime(start);
            using ModelSession session = model.CreateSession(adapters.Apply(
                parsed, model, options.GetSessionOptions(parsed, options.GetContextLength(parsed, model.ContextLength))));
            using DraftModel? draft = speculation.Open(
                parsed, options.GetModelOptions(parsed, log) with { Threads = model.Threads }, session.ContextLength);
            GenerationOptions generation = speculation.Apply(parsed, conversation.Apply(parsed, sampling.GetOptions(parsed)), draft);
            var chat = new ChatSession(session, generation) { SystemPrompt = conversation.GetSystem(parsed) };
            using var output = new StandardOutput();
            bool quiet = parsed.GetValue(json);
            Answer answer = Answer.Stream(chat.Send(text, interrupted), quiet ? _ => { } : output.Write);
            if (quiet)
            {
                JsonText.Write(ToJson(answer, model, generation, load), output);
            }
            else if (output.IsTerminal)
            {
                output.Write("\n");
            }

            if (answer.Result.FinishReason == FinishReason.ContextFull)
            {
                Console.Error.WriteLine(
                    $"edgert: the context of {session.ContextLength} tokens is full; "
                    + "a longer --ctx or --context-shift lets the answer go on");
            }

            if (parsed.GetValue(options.Verbose))
            {
                Console.Error.WriteLine(answer.Summary);
            }

            interrupted.ThrowIfCancellationRequested();
            return 0;
        });
        return command;
    }

    /// <summary>Gets the prompt from the arguments: the second one, or the only one if --model names the model.</summary>
    private static string? PromptArgument(ParseResult parsed, ModelCommandOptions options, Argument<string?> prompt)
    {
        string? second = parsed.GetValue(prompt);
        if (parsed.GetValue(options.Model) is null)
        {
            return second;
        }

        return second is null
            ? parsed.GetValue(options.ModelArgument)
            : throw new UsageException("--model and two arguments: the model is named twice");
    }

    private static string ReadPrompt(string? argument, string? option, string? file)
    {
        string?[] given = [argument, option, file];
        if (given.Count(source => source is not null) > 1)
        {
            throw new UsageException("expected one prompt: as the argument, with --prompt or with --file");
        }

        // Text files and echo end with a line break, which is not part of the prompt.
        string text = (argument ?? option ?? (file is not null ? UserFile.ReadText(file) : StandardInput.ReadAll())).TrimEnd('\r', '\n');
        return text.Length > 0
            ? text
            : throw new UsageException("the prompt is empty; give it as an argument, with -f FILE or on standard input");
    }

    private static JsonObject ToJson(Answer answer, LanguageModel model, GenerationOptions generation, TimeSpan load) => new()
    {
        ["text"] = answer.Result.Text,
        ["tokens"] = JsonText.List(answer.Tokens),
        ["stop_reason"] = answer.StopReason,
        ["prompt_tokens"] = answer.Result.Usage.PromptTokens,
        ["generated_tokens"] = answer.Result.Usage.GeneratedTokens,
        ["drafted_tokens"] = answer.Result.Usage.DraftedTokens,
        ["accepted_tokens"] = answer.Result.Usage.AcceptedTokens,
        ["seed"] = generation.Seed,
        ["model"] = model.Path,
        ["isa"] = model.InstructionSet,
        ["threads"] = model.Threads,
        ["timings"] = answer.TimingsJson(load),
    };
}
