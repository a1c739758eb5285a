using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tests.Support;

/// <summary>Runs a file that may be hostile as far as it goes.</summary>
internal static class ModelTrial
{
    private const int Tokens = 5;

    /// <summary>Inspects, loads and runs a file.</summary>
    /// <returns>The one-line reason of a refusal; null for a file that ran and gave finite numbers.</returns>
    /// <exception cref="Exception">
    /// Everything but a refusal: the file gave wrong numbers, or an exception that no file may cause.
    /// </exception>
    public static string? Run(string path)
    {
        try
        {
            Inspect(path);
            using var model = LanguageModel.Load(path, new ModelOptions { Threads = 1, UseTuningProfile = false });
            int[] tokens = [.. Enumerable.Range(1, Math.Min(Tokens, model.ContextLength)).Select(id => id % model.VocabularySize)];
            if (model.HasLogits)
            {
                Generate(model, tokens);
            }

            float[] embedding = model.Embed(tokens).Values.ToArray();
            Require(Array.TrueForAll(embedding, float.IsFinite), "an embedding is not finite");
            return null;
        }
        catch (EdgeRuntimeException exception)
        {
            string message = exception.Message;
            Require(message.Length < 3000 && !message.AsSpan().ContainsAnyInRange('\0', '\x1f'), $"not one clear line: {message}");
            return message;
        }
    }

    /// <summary>Inspects the file as <c>edgert info</c> does.</summary>
    private static void Inspect(string path)
    {
        using var file = GgufFile.Open(path);
        ModelInspection inspection = ModelInspection.Inspect(file);
        if (inspection.ContextLength is { } length)
        {
            long bytes = inspection.KvCacheBytes(length, KvCacheType.F16, KvCacheType.F16)!.Value;
            Require(bytes >= 0, $"a KV cache of {bytes} bytes");
        }
    }

    /// <summary>Gives all tokens together, then one after the other: the bits are the same.</summary>
    private static void Generate(LanguageModel model, int[] tokens)
    {
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = tokens.Length });
        float[] logits = session.ForwardAll(tokens).ToArray();
        Require(Array.TrueForAll(logits, float.IsFinite), "a logit is not finite");
        if (!session.CanGenerate)
        {
            return;
        }

        session.Truncate(0);
        for (int i = 0; i < tokens.Length; i++)
        {
            ReadOnlySpan<float> expected = logits.AsSpan(i * model.VocabularySize, model.VocabularySize);
            Require(expected.SequenceEqual(session.Forward([tokens[i]])), $"token {i} alone gives other logits");
        }
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new InvalidDataException(fault);
        }
    }
}
