using System;
using System.IO;
using EdgeRuntime.Engine;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Support;

/// <summary>Saves and loads the states of engines.</summary>
internal static class SavedState
{
    /// <summary>Saves a state.</summary>
    public static byte[] Save(IEngineState state)
    {
        using var stream = new MemoryStream();
        state.Save(stream);
        return stream.ToArray();
    }

    /// <summary>Appends tokens to a state and returns the logits of the last one.</summary>
    public static float[] Continue(IEngine engine, IEngineState state, ReadOnlyMemory<int> tokens)
    {
        float[] logits = new float[engine.VocabularySize];
        engine.Run([new BatchSlice(state, tokens, 1, logits)]);
        return logits;
    }

    /// <summary>Returns the message with which a state refuses bytes, in one line; the state is empty then.</summary>
    public static string Refuse(IEngineState state, byte[] saved)
    {
        string message = Assert.Throws<InvalidDataException>(() => state.Load(new MemoryStream(saved))).Message;
        Assert.StartsWith("saved state: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(0, state.Length);
        return message;
    }

    /// <summary>Asserts that a state refuses the saved bytes of another one when any part of them is damaged or missing.</summary>
    public static void AssertRefusesDamage(IEngineState source, IEngineState target)
    {
        byte[] saved = Save(source);
        const int Step = 97;
        for (int at = 0; at < saved.Length; at += Step)
        {
            byte[] damaged = [.. saved];
            damaged[at < 48 ? at % 8 : at] ^= 4; // the mark, or what follows the header
            Refuse(target, damaged);
            Assert.Contains("too early", Refuse(target, saved[..at]), StringComparison.Ordinal);
        }

        Assert.Contains("checksum", Refuse(target, [.. saved[..^1], (byte)(saved[^1] ^ 1)]), StringComparison.Ordinal);
        Assert.Contains("too early", Refuse(target, saved[..^1]), StringComparison.Ordinal);
    }
}
