using System;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Chat;

/// <summary>Reads turns and answers them until the input ends or the user leaves.</summary>
internal sealed class ChatLoop(
    ModelSession session, ChatSession chat, TurnReader turns, ChatScreen screen, Interrupts interrupts, TimeProvider clock)
{
    /// <summary>The time after an answer in which a Ctrl-C at the prompt still counts as meant for the answer.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(0.5);

    private readonly SlashCommands _commands = new(session, chat, screen);
    private long? _answered; // when the last answer ended; null once a turn has been read

    public void Run()
    {
        while (true)
        {
            Line turn = turns.Read();
            long? answered = _answered;
            _answered = null;
            if (turn.End == LineEnd.Interrupted)
            {
                bool leaves = turn.Text.Trim().Length == 0 && !(answered is { } time && clock.GetElapsedTime(time) < Grace);
                if (leaves)
                {
                    return;
                }

                continue;
            }

            string text = turn.Text.Trim();
            if (turn.End == LineEnd.EndOfInput || SlashCommands.IsExit(text))
            {
                return;
            }

            if (text.Length > 0)
            {
                Answer(turn.Text, text);
            }
        }
    }

    private void Answer(string turn, string trimmed)
    {
        try
        {
            CancellationToken interrupted = interrupts.Arm();
            Answer? answer = trimmed[0] == '/'
                ? _commands.Run(trimmed, interrupted)
                : Chat.Answer.Stream(chat.Send(turn, interrupted), screen.WriteAnswer);
            if (answer is not null)
            {
                _commands.LastAnswer = answer;
                screen.EndAnswer(answer);
                _answered = clock.GetTimestamp();
            }
        }
        catch (Exception exception) when (ErrorReport.IsExpected(exception) && exception is not OutputException)
        {
            screen.Error(ErrorReport.DescribeInOneLine(exception));
        }
        finally
        {
            // If the line reader handles Ctrl-C, a signal that arrives before the next line starts must not end the process.
            if (!turns.TakesControlC)
            {
                interrupts.Disarm();
            }
        }
    }
}
