using System;
using System.CommandLine;
using System.IO;
using EdgeRuntime.Cli.Chat;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert chat</c>: holds a conversation with a model.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var options = new ModelCommandOptions();
        var sampling = new SamplingCommandOptions();
        var conversation = new ConversationCommandOptions();
        var speculation = new SpeculationCommandOptions();
        var adapters = new AdapterCommandOptions();
        var command = new Command(
            "chat",
            "A conversation with a model; /help in it lists its commands. Where standard input is no terminal, each line of it is a turn.");
        options.AddTo(command);
        sampling.AddTo(command);
        conversation.AddTo(command);
        speculation.AddTo(command);
        adapters.AddTo(command);
        command.SetAction(parsed =>
        {
            using AppLog log = options.CreateLog(parsed);
            using LanguageModel model = Load(options.FindModel(parsed), options.GetModelOptions(parsed, log));
            using ModelSession session = model.CreateSession(adapters.Apply(
                parsed, model, options.GetSessionOptions(parsed, options.GetContextLength(parsed, model.ContextLength))));
            using DraftModel? draft = speculation.Open(
                parsed, options.GetModelOptions(parsed, log) with { Threads = model.Threads }, session.ContextLength);
            GenerationOptions generation = speculation.Apply(parsed, conversation.Apply(parsed, sampling.GetOptions(parsed)), draft);
            var chat = new ChatSession(session, generation) { SystemPrompt = conversation.GetSystem(parsed) };
            using var output = new StandardOutput();
            bool interactive = !Console.IsInputRedirected && output.IsTerminal && TerminalConsole.TakesSequences;
            return interactive ? RunOnTerminal(session, chat, output) : RunInPipe(session, chat, output);
        });
        return command;
    }

    private static LanguageModel Load(string path, ModelOptions options)
    {
        using var interrupts = new Interrupts();
        return ModelLoading.Load(path, options, cancellationToken: interrupts.Arm());
    }

    private static int RunOnTerminal(ModelSession session, ChatSession chat, StandardOutput output)
    {
        LanguageModel model = session.Model;
        var console = new TerminalConsole(output);
        var screen = new TerminalScreen(output, console);
        screen.Remark(
            $"{Path.GetFileName(model.Path)}, {model.InstructionSet}, {model.Threads} threads. /help lists commands, /exit leaves.");
        if (!chat.HasTemplate)
        {
            screen.Remark("No chat template: the model only goes on with the text.");
        }

        using var packing = new BackgroundPacking(model);
        Run(session, chat, new LineEditor(console), screen);
        return 0;
    }

    private static int RunInPipe(ModelSession session, ChatSession chat, StandardOutput output)
    {
        using TextReader input = StandardInput.Open();
        Run(session, chat, new PipeLineSource(input), new PipeScreen(output));
        return 0;
    }

    private static void Run(ModelSession session, ChatSession chat, ILineSource lines, ChatScreen screen)
    {
        using var interrupts = new Interrupts();
        new ChatLoop(session, chat, new TurnReader(lines), screen, interrupts, TimeProvider.System).Run();
    }
}
