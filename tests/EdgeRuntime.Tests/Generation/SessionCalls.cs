using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Calls of every public member of a session, for tests of what happens to them.</summary>
internal static class SessionCalls
{
    public static int[] Prompt { get; } = [1, 400, 30, 31, 32, 7, 90, 301, 5, 44, 45, 46];

    public static GenerationOptions Options { get; } = new() { Temperature = 0, MaxTokens = 24 };

    public static Dictionary<string, Action<ModelSession>> All { get; } = new()
    {
        ["Forward"] = static session => session.Forward([1]),
        ["ForwardAll"] = static session => session.ForwardAll([1, 2]),
        ["Truncate"] = static session => session.Truncate(0),
        ["Shift"] = static session => session.Shift(0, 0),
        ["Generate"] = static session => session.Generate("a", Options).Any(),
        ["Generate tokens"] = static session => session.Generate(Prompt, Options).Complete(),
        ["ForwardAsync"] = static session => session.ForwardAsync(new[] { 1 }).GetAwaiter().GetResult(),
        ["CompleteAsync"] = static session => session.Generate(Prompt, Options).CompleteAsync().GetAwaiter().GetResult(),
        ["ChatSession"] = static session => new ChatSession(session, Options).Send("a").Any(),
    };

    /// <summary>Computes the logits behind some tokens in a session of their own.</summary>
    public static float[] Logits(LanguageModel model, int[] tokens)
    {
        using ModelSession session = model.CreateSession();
        return session.Forward(tokens).ToArray();
    }
}
