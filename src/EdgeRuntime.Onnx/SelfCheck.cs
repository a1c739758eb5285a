using System;
using System.Globalization;
using System.Linq;
using System.Numerics.Tensors;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Onnx;

/// <summary>
/// Compares the logits of eight tokens with those of the built-in engine. Providers can compute wrong numbers without an error: from an
/// attribute that they ignore, a driver that miscompiles, or a buffer of another device.
/// </summary>
internal static class SelfCheck
{
    private const int TokenCount = 8;
    private const int PromptTokens = 5;

    /// <summary>The largest normalized error with float32 arithmetic on both sides; wrong numbers differ by 0.3 or more.</summary>
    private const double ExactBound = 1e-3;

    /// <summary>
    /// The largest normalized error otherwise. Both sides round activations to 8 bits, each in its own way: 0.08 on SmolLM2-135M in Q4_1
    /// (measured). Wrong numbers differ by about 1.
    /// </summary>
    private const double Bound = 0.3;

    /// <summary>Compares an engine with the built-in one.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="modelPath">The path of the GGUF file.</param>
    /// <param name="profile">The device of the engine.</param>
    /// <param name="options">The options that the model is loaded with.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    /// <returns>The normalized error.</returns>
    /// <exception cref="OnnxDeviceException">The engine computes other logits.</exception>
    public static double Run(
        IEngine engine, string modelPath, OnnxProfile profile, ModelOptions options, CancellationToken cancellationToken)
    {
        var processor = new ModelOptions
        {
            Threads = options.Threads,
            Exact = options.Exact,
            UseTuningProfile = false,
            QuickStart = true,
        };
        using LanguageModel model = LanguageModel.Load(modelPath, processor, null, cancellationToken);
        return Compare(engine, model.Engine, profile.Name, modelPath, options.Exact, cancellationToken);
    }

    /// <summary>Compares an engine with another one.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="reference">The engine that computes right.</param>
    /// <param name="device">The name of the device, for messages.</param>
    /// <param name="modelPath">The path of the model, for messages.</param>
    /// <param name="isExact">Whether both compute with float32.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    /// <inheritdoc cref="Run" path="/returns"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static double Compare(
        IEngine engine, IEngine reference, string device, string modelPath, bool isExact, CancellationToken cancellationToken)
    {
        int[] tokens = [.. Enumerable.Range(1, TokenCount).Select(i => (int)(i * 2654435761L % engine.VocabularySize))];
        float[] found = Compute(engine, tokens, cancellationToken);
        float[] expected = Compute(reference, tokens, cancellationToken);
        double error = NormalizedError(found, expected);
        double bound = isExact ? ExactBound : Bound;
        return error <= bound ? error : throw new OnnxDeviceException(string.Create(
            CultureInfo.InvariantCulture,
            $"{device}: computes wrong logits for {modelPath}: they differ by {error:G3} from the processor's, expected at most "
            + $"{bound}; its driver or provider is broken for this model, the device 'cpu' runs it"));
    }

    /// <summary>Gets the square root of the squared difference over the variance of what is expected.</summary>
    internal static double NormalizedError(ReadOnlySpan<float> found, ReadOnlySpan<float> expected)
    {
        double mean = TensorPrimitives.Sum(expected) / expected.Length;
        double difference = 0;
        double variance = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(found[i] - expected[i], 2);
            variance += Math.Pow(expected[i] - mean, 2);
        }

        return Math.Sqrt(difference / Math.Max(variance, double.Epsilon));
    }

    /// <summary>Computes a prompt, and then the remaining tokens one by one, so that both ways through the cache are compared.</summary>
    private static float[] Compute(IEngine engine, int[] tokens, CancellationToken cancellationToken)
    {
        float[] logits = new float[TokenCount * engine.VocabularySize];
        using IEngineState state = engine.CreateState(new EngineStateOptions
        {
            Capacity = TokenCount,
            BatchTokens = TokenCount,
            KeyType = KvCacheType.F32,
            ValueType = KvCacheType.F32,
        });
        for (int done = 0; done < TokenCount;)
        {
            int count = done == 0 ? PromptTokens : 1;
            Memory<float> output = logits.AsMemory(done * engine.VocabularySize, count * engine.VocabularySize);
            engine.Run([new BatchSlice(state, tokens.AsMemory(done, count), count, output)], cancellationToken);
            done += count;
        }

        return logits;
    }
}
