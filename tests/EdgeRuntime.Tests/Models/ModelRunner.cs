using System;

namespace EdgeRuntime.Tests.Models;

/// <summary>Runs a prompt through a fresh session.</summary>
internal static class ModelRunner
{
    /// <summary>Logits of every position, [tokens, vocabulary].</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="chunk">Tokens a forward call gets.</param>
    /// <param name="kvType">Type of the KV cache.</param>
    public static float[] Logits(LanguageModel model, ReadOnlySpan<int> tokens, int chunk, KvCacheType kvType = KvCacheType.F16)
    {
        using ModelSession session =
            model.CreateSession(new SessionOptions { ContextLength = tokens.Length, BatchTokens = chunk, KvCacheType = kvType });
        float[] logits = new float[tokens.Length * model.VocabularySize];
        for (int first = 0; first < tokens.Length; first += chunk)
        {
            int count = Math.Min(chunk, tokens.Length - first);
            session.ForwardAll(tokens.Slice(first, count)).CopyTo(logits.AsSpan(first * model.VocabularySize));
        }

        return logits;
    }
}
