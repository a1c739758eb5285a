using System;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Chat;

/// <summary>The commands of the chat; each starts with a slash.</summary>
internal sealed class SlashCommands(ModelSession session, ChatSession chat, ChatScreen screen)
{
    private const string Help = """
        /help           this list
        /system TEXT    what the model is told before the conversation; without a text: shows it
        /clear          forgets the conversation
        /regen          answers the last message anew
        /undo           removes the last message and its answer
        /save FILE      writes the conversation to a file (JSON)
        /load FILE      goes on with a conversation from a file
        /stats          the model, the context and the last answer in numbers
        /exit           leaves (also /bye, Ctrl-D, Ctrl-C at an empty prompt)
        A line that ends in \ goes on in the next; three double quotes begin and end a text of several lines.
        Ctrl-C stops an answer.
        """;

    /// <summary>Gets or sets the last answer, for /stats.</summary>
    public Answer? LastAnswer { get; set; }

    public static bool IsExit(string line) => line is "/exit" or "/bye" or "/quit";

    /// <summary>Runs a command; returns its answer, or null if it gives none.</summary>
    public Answer? Run(string line, CancellationToken cancellationToken)
    {
        int space = line.AsSpan().IndexOfAny(' ', '\t', '\n');
        string name = space < 0 ? line : line[..space];
        string argument = space < 0 ? "" : line[space..].Trim();
        switch (name)
        {
            case "/help" or "/?":
                screen.Remark(Help);
                break;
            case "/system":
                SetSystem(argument);
                break;
            case "/clear":
                chat.Clear();
                screen.Remark("the conversation is forgotten");
                break;
            case "/regen":
                return Answer.Stream(chat.Regenerate(cancellationToken), screen.WriteAnswer);
            case "/undo":
                screen.Remark(chat.RemoveLastTurn() ? "the last message and its answer are removed" : "there is no message to remove");
                break;
            case "/save":
                UserFile.Replace(Required(name, argument), chat.Save);
                screen.Remark($"saved {argument}");
                break;
            case "/load":
                UserFile.Use(Required(name, argument), chat.Load);
                screen.Remark($"loaded {argument}: {chat.Messages.Count} messages");
                break;
            case "/stats":
                screen.Remark(Statistics());
                break;
            default:
                throw new CommandException($"{name}: no such command; /help lists them");
        }

        return null;
    }

    private void SetSystem(string text)
    {
        if (text.Length > 0)
        {
            chat.SystemPrompt = text;
        }

        screen.Remark(chat.SystemPrompt is { Length: > 0 } system ? $"system: {system}" : "system: the template's own");
    }

    private string Statistics()
    {
        LanguageModel model = session.Model;
        string text = $"""
            model     {model.Path} ({model.Architecture}, {ByteText.Format(model.WeightBytes)} of weights)
            kernels   {model.InstructionSet}, {model.Threads} threads
            context   {session.Length} of {session.ContextLength} tokens, KV cache {ByteText.Format(session.KvCacheBytes)}
            messages  {chat.Messages.Count}
            """;
        return LastAnswer is { } answer ? $"{text}\nlast      {answer.Summary}" : text;
    }

    private static string Required(string name, string argument) =>
        argument.Length > 0 ? argument : throw new CommandException($"{name}: expected the name of a file");
}
