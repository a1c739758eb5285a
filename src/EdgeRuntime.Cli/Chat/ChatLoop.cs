using System;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Chat;

/// <summary>Reads turns and answers them until the input ends or the user leaves.</summary>
internal sealed class ChatLoop(ModelSession session, ChatSession chat, TurnReader turns, ChatScreen screen)
{
    private readonly SlashCommands _commands = new(session, chat, screen);

    public void Run()
    {
        using var interrupts = new Interrupts();
        while (true)
        {
            Line turn = turns.Read();
            string text = turn.Text.Trim();
            if (turn.End == LineEnd.EndOfInput || (turn.End == LineEnd.Interrupted && text.Length == 0))
            {
                return;
            }

            if (turn.End == LineEnd.Interrupted || text.Length == 0)
            {
                continue;
            }

            bool isCommand = text[0] == '/';
            if (isCommand && SlashCommands.IsExit(text))
            {
                return;
            }

            try
            {
                CancellationToken interrupted = interrupts.Arm();
                Answer? answer = isCommand
                    ? _commands.Run(text, interrupted)
                    : Answer.Stream(chat, chat.Send(turn.Text, interrupted), screen.WriteAnswer);
                if (answer is not null)
                {
                    _commands.LastAnswer = answer;
                    screen.EndAnswer(answer);
                }
            }
            catch (Exception exception) when (ErrorReport.IsExpected(exception) && exception is not OutputClosedException)
            {
                screen.Error(ErrorReport.Describe(exception));
            }
            finally
            {
                interrupts.Disarm();
            }
        }
    }
}
