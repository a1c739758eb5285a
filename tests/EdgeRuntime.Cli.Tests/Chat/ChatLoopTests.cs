using System;
using System.Collections.Generic;
using System.IO;
using EdgeRuntime.Cli.Chat;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Chat;

/// <summary>What Ctrl-C means around the end of an answer.</summary>
public sealed class ChatLoopTests
{
    private static readonly Line Question = new("Once upon", LineEnd.Entered);
    private static readonly Line Interrupted = new("", LineEnd.Interrupted);
    private static readonly TimeSpan Soon = ChatLoop.Grace / 2;
    private static readonly TimeSpan Late = 2 * ChatLoop.Grace;

    [Fact]
    public void Run_CtrlCSoonAfterAnAnswer_DoesNotLeave()
    {
        var lines = new Script((TimeSpan.Zero, Question), (Soon, Interrupted), (Soon, Question), (Late, Interrupted), (Late, Question));
        Run(lines);
        Assert.Equal(4, lines.Read);
    }

    [Fact]
    public void Run_TwoCtrlCSoonAfterAnAnswer_Leave()
    {
        var lines = new Script((TimeSpan.Zero, Question), (Soon / 4, Interrupted), (Soon / 4, Interrupted), (Late, Question));
        Run(lines);
        Assert.Equal(3, lines.Read);
    }

    [Fact]
    public void Run_CtrlCSoonAfterACommand_Leaves()
    {
        var lines = new Script((TimeSpan.Zero, new Line("/help", LineEnd.Entered)), (Soon, Interrupted), (Soon, Question));
        Run(lines);
        Assert.Equal(2, lines.Read);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_BetweenAnswerAndPrompt_ASignalEndsTheProcessOnlyWhereNobodyTakesCtrlCOver(bool takesControlC)
    {
        var lines = new Script((TimeSpan.Zero, Question), (Late, new Line("", LineEnd.EndOfInput))) { TakesControlC = takesControlC };
        Run(lines);
        Assert.Equal([false, takesControlC], lines.WasArmed);
    }

    private static void Run(Script lines)
    {
        using var model = LanguageModel.Load(Edgert.Stories, new ModelOptions { Threads = 1, UseTuningProfile = false });
        using ModelSession session = model.CreateSession();
        var chat = new ChatSession(session, new GenerationOptions { Temperature = 0, MaxTokens = 2 });
        using var interrupts = new Interrupts();
        lines.IsArmed = () => interrupts.IsArmed;
        new ChatLoop(session, chat, new TurnReader(lines), new PipeScreen(TextWriter.Null), interrupts, lines).Run();
    }

    /// <summary>Lines, each a while after the one before; also the clock.</summary>
    private sealed class Script(params (TimeSpan After, Line Line)[] steps) : TimeProvider, ILineSource
    {
        private long _now;

        public bool TakesControlC { get; init; } = true;

        public Func<bool>? IsArmed { get; set; }

        public int Read { get; private set; }

        public List<bool> WasArmed { get; } = [];

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        Line ILineSource.Read(string prompt)
        {
            WasArmed.Add(IsArmed!());
            (TimeSpan after, Line line) = steps[Read++];
            _now += after.Ticks;
            return line;
        }
    }
}
