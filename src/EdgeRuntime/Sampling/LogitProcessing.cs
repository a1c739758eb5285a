using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Sampling;

/// <summary>Runs the logit processors of the caller.</summary>
internal sealed class LogitProcessing : SamplingStep
{
    private readonly ILogitProcessor[] _processors;
    private readonly List<int> _tokens; // before the next one

    /// <param name="processors">The processors in the order in which they run.</param>
    /// <param name="contextLength">The usual greatest number of tokens. More of them allocate.</param>
    public LogitProcessing(IReadOnlyList<ILogitProcessor> processors, int contextLength)
    {
        _processors = [.. processors];
        _tokens = new List<int>(contextLength + 1);
    }

    public override void Apply(Candidates candidates)
    {
        Span<float> logits = candidates.Logits;
        foreach (ILogitProcessor processor in _processors)
        {
            processor.Process(CollectionsMarshal.AsSpan(_tokens), logits);
        }

        LogitCheck.RequireBest(logits, "a logit processor set", "expected a number, or minus infinity to exclude the token");
    }

    public override void Reset(ReadOnlySpan<int> tokens)
    {
        _tokens.Clear();
        _tokens.AddRange(tokens);
    }

    public override void Accept(int token) => _tokens.Add(token);
}
