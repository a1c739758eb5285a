using System;
using System.CommandLine;
using System.IO;
using System.Text;
using EdgeRuntime.Cli.Chat;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert chat</c>: a conversation.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        var options = new ModelCommandOptions();
        var sampling = new SamplingCommandOptions();
        var conversation = new ConversationCommandOptions();
        var speculation = new SpeculationCommandOptions();
        var command = new Command(
            "chat",
            "A conversation with a model; /help in it lists its commands. Where standard input is no terminal, each line of it is a turn.");
        options.AddTo(command);
        sampling.AddTo(command);
        conversation.AddTo(command);
        speculation.AddTo(command);
        command.SetAction(parsed =>
        {
            using AppLog log = options.CreateLog(parsed);
            using LanguageModel model = Load(options.FindModel(parsed), options.GetModelOptions(parsed, log));
            using ModelSession session = model.CreateSession(new SessionOptions
            {
                ContextLength = options.GetContextLength(parsed, model.ContextLength),
                KvType = options.GetKvTypeIfGiven(parsed),
            });
            ModelOptions draftOptions = options.GetModelOptions(parsed, log) with { Threads = model.Threads };
            using DraftModel? draft = speculation.Open(parsed, draftOptions, session.ContextLength);
            GenerationOptions generation = speculation.Apply(parsed, sampling.GetOptions(parsed, conversation.UsesTemplate(parsed)), draft);
            var chat = new ChatSession(session, generation) { System = conversation.GetSystem(parsed) };
            bool interactive = !Console.IsInputRedirected && !Console.IsOutputRedirected;
            return interactive ? RunOnTerminal(session, chat) : RunInPipe(session, chat);
        });
        return command;
    }

    private static LanguageModel Load(string path, ModelOptions options)
    {
        using var interrupts = new Interrupts();
        return ModelLoading.Load(path, options, interrupts.Arm());
    }

    private static int RunOnTerminal(ModelSession session, ChatSession chat)
    {
        LanguageModel model = session.Model;
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var screen = new TerminalScreen();
        screen.Remark($"{Path.GetFileName(model.File.Path)}, {model.InstructionSet}, {model.Threads} threads. /help lists commands, /exit leaves.");
        if (!chat.HasTemplate)
        {
            screen.Remark("No chat template: the model only goes on with the text.");
        }

        using var packing = new BackgroundPacking(model);
        Run(session, chat, new LineEditor(), screen);
        return 0;
    }

    private static int RunInPipe(ModelSession session, ChatSession chat)
    {
        using StreamReader input = StandardInput.Open();
        using var output = new StandardOutput();
        Run(session, chat, new PipeLineSource(input), new PipeScreen(output));
        return 0;
    }

    private static void Run(ModelSession session, ChatSession chat, ILineSource lines, ChatScreen screen)
    {
        using var interrupts = new Interrupts();
        new ChatLoop(session, chat, new TurnReader(lines), screen, interrupts, TimeProvider.System).Run();
    }
}
