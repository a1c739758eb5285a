using System;
using System.Globalization;
using System.Linq;
using System.Numerics.Tensors;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Onnx;

/// <summary>
/// Compares the logits of eight tokens, the last of a long prompt and single ones, with those of the built-in engine. Providers can
/// compute wrong numbers without an error: from an attribute that they ignore, a driver that miscompiles, or a buffer of another device.
/// </summary>
internal static class SelfCheck
{
    private const int SingleTokens = 4;
    private const int PromptRows = 4;

    /// <summary>The tokens of the prompt: kernels of providers change with its length, for example WebGPU's attention at 32.</summary>
    private const int PromptTokens = 36;

    /// <summary>The largest normalized error with float32 arithmetic on both sides; wrong numbers differ by 0.3 or more.</summary>
    private const double ExactBound = 1e-3;

    /// <summary>
    /// The largest normalized error of a device whose long prompts are known to be inexact: twice the 0.07 of WebGPU (1.30, SwiftShader).
    /// </summary>
    private const double InexactPromptBound = 0.15;

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
        bool isExact = options.Exact || IsFloat32(profile);
        var processor = new ModelOptions
        {
            Threads = options.Threads,
            Exact = isExact,
            UseTuningProfile = false,
            QuickStart = true,
        };
        using LanguageModel model = LanguageModel.Load(modelPath, processor, null, cancellationToken);
        double bound = !isExact ? Bound : !options.Exact && profile.MostExactTokens is not null ? InexactPromptBound : ExactBound;
        return Compare(engine, model.Engine, profile.Name, modelPath, bound, cancellationToken);
    }

    /// <summary>Compares an engine with another one.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="reference">The engine that computes right.</param>
    /// <param name="device">The name of the device, for messages.</param>
    /// <param name="modelPath">The path of the model, for messages.</param>
    /// <param name="bound">The largest normalized error that is right.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    /// <inheritdoc cref="Run" path="/returns"/>
    /// <inheritdoc cref="Run" path="/exception"/>
    public static double Compare(
        IEngine engine, IEngine reference, string device, string modelPath, double bound, CancellationToken cancellationToken)
    {
        int count = Math.Min(PromptTokens + SingleTokens, Math.Min(engine.ContextLength, reference.ContextLength));
        int[] tokens = [.. Enumerable.Range(1, count).Select(i => (int)(i * 2654435761L % engine.VocabularySize))];
        float[] found = Compute(engine, tokens, cancellationToken);
        float[] expected = Compute(reference, tokens, cancellationToken);
        double error = NormalizedError(found, expected);
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

    /// <summary>Gets the largest normalized error of a device that shares a model with the processor.</summary>
    public static double BoundOfSplit(ModelOptions options) => options.Exact ? ExactBound : Bound;

    /// <summary>
    /// Gets whether the device computes with float32, so that the built-in engine's exact mode is the reference. Other providers may use
    /// fewer bits inside without saying so.
    /// </summary>
    private static bool IsFloat32(OnnxProfile profile) => (profile.Provider is null || profile.MostExactTokens is not null)
        && !profile.UsesFloat16 && profile.AccuracyLevel == 0;

    /// <summary>
    /// Computes a prompt, and then the remaining tokens one by one, so that both ways through the cache are compared. The logits are those
    /// of the last tokens of the prompt and of the single ones.
    /// </summary>
    private static float[] Compute(IEngine engine, int[] tokens, CancellationToken cancellationToken)
    {
        int prompt = Math.Max(1, tokens.Length - SingleTokens);
        int rows = Math.Min(PromptRows, prompt);
        int vocabulary = engine.VocabularySize;
        float[] logits = new float[(rows + tokens.Length - prompt) * vocabulary];
        using IEngineState state = engine.CreateState(new EngineStateOptions
        {
            Capacity = tokens.Length,
            BatchTokens = tokens.Length,
            KeyType = KvCacheType.F32,
            ValueType = KvCacheType.F32,
        });
        engine.Run([new BatchSlice(state, tokens.AsMemory(0, prompt), rows, logits.AsMemory(0, rows * vocabulary))], cancellationToken);
        for (int i = prompt; i < tokens.Length; i++)
        {
            Memory<float> output = logits.AsMemory((rows + i - prompt) * vocabulary, vocabulary);
            engine.Run([new BatchSlice(state, tokens.AsMemory(i, 1), 1, output)], cancellationToken);
        }

        return logits;
    }
}
