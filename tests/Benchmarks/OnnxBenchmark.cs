using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntimeGenAI;

namespace EdgeRuntime.Benchmarks;

/// <summary>
/// Compares a model on ONNX Runtime's kernels for the processor with ONNX Runtime alone: the start from a converted model with the creation
/// of its session, and the decoding with that of ONNX Runtime GenAI on the same folder, and with the built-in engine.
/// </summary>
internal static class OnnxBenchmark
{
    private const int Prompt = 16;
    private const int Threads = 2;

    /// <summary>The pause before each measurement, in which the threads of the runtime before stop waiting for work.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Prints the measurements.</summary>
    /// <param name="path">The path of a GGUF file.</param>
    /// <param name="what">"start" or "decode".</param>
    /// <param name="rounds">The number of rounds, each A B B A.</param>
    public static void Run(string path, string what, int rounds)
    {
        string root = Directory.CreateTempSubdirectory("edgert-bench-").FullName;
        try
        {
            if (what == "start")
            {
                CompareStart(path, Path.Combine(root, "cache"), rounds);
            }
            else
            {
                CompareDecode(path, root, rounds);
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static void CompareStart(string path, string cache, int rounds)
    {
        var options = new ModelOptions { Threads = Threads, Device = OnnxDevice.Cpu() with { CacheFolder = cache } };
        LanguageModel.Load(path, options).Dispose();
        Thread.Sleep(TimeSpan.FromSeconds(2.5)); // the times of new files identify nothing
        LanguageModel.Load(path, options).Dispose();
        string graph = Path.Combine(cache, new OnnxCache(cache).List().Single().Name, "engine.onnx");
        using var sessionOptions = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = Threads };
        Compare(rounds, "s", [
            ("InferenceSession", () => Seconds(() => new InferenceSession(graph, sessionOptions).Dispose())),
            ("LanguageModel.Load", () => Seconds(() => LanguageModel.Load(path, options).Dispose())),
        ]);
    }

    private static void CompareDecode(string path, string root, int rounds)
    {
        const int Tokens = 96;
        string folder = Path.Combine(root, "model");
        OnnxExporter.Export(path, folder, OnnxProfile.Cpu);
        SetThreads(Path.Combine(folder, "genai_config.json"));
        OnnxDevice device = OnnxDevice.Cpu() with { CacheFolder = Path.Combine(root, "cache") };
        using LanguageModel onnx = LanguageModel.Load(path, new ModelOptions { Threads = Threads, Device = device });
        using LanguageModel builtIn = LanguageModel.Load(path, new ModelOptions { Threads = Threads });
        using var genAi = new Model(folder);
        int[] prompt = [.. Enumerable.Range(1, Prompt).Select(i => i * 37 % onnx.VocabularySize)];
        Compare(rounds, "tokens/s", [
            ("onnx-cpu", () => Decode(onnx, prompt, Tokens)),
            ("ONNX Runtime GenAI", () => Decode(genAi, prompt, Tokens)),
            ("built-in engine", () => Decode(builtIn, prompt, Tokens)),
        ]);
    }

    /// <summary>Measures in the order A B B A, and prints medians and the median of the ratios to the first one of the same half.</summary>
    private static void Compare(int rounds, string unit, (string Name, Func<double> Measure)[] runtimes)
    {
        Array.ForEach(runtimes, static runtime => runtime.Measure()); // to warm up
        var found = runtimes.ToDictionary(static runtime => runtime.Name, static _ => new List<double>());
        for (int half = 0; half < 2 * rounds; half++)
        {
            foreach ((string name, Func<double> measure) in half % 2 == 0 ? runtimes : runtimes.Reverse())
            {
                Thread.Sleep(s_pause);
                found[name].Add(measure());
            }
        }

        List<double> first = found[runtimes[0].Name];
        foreach ((string name, List<double> values) in found)
        {
            double ratio = Median(values.Zip(first, static (value, other) => value / other));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-20} median {Median(values):F3} {unit}, {values.Min():F3} to {values.Max():F3}, ratio {ratio:F3}"));
        }
    }

    private static double Decode(LanguageModel model, int[] prompt, int tokens)
    {
        using ModelSession session = model.CreateSession(new SessionOptions { ContextLength = prompt.Length + tokens + 1 });
        int token = TensorPrimitives.IndexOfMax(session.Forward(prompt));
        double seconds = Seconds(() =>
        {
            for (int i = 0; i < tokens; i++)
            {
                token = TensorPrimitives.IndexOfMax(session.Forward([token]));
            }
        });
        return tokens / seconds;
    }

    private static double Decode(Model model, int[] prompt, int tokens)
    {
        int length = prompt.Length + tokens + 1;
        using var parameters = new GeneratorParams(model);
        parameters.SetSearchOption("max_length", length);
        parameters.SetSearchOption("min_length", length);
        using var generator = new Generator(model, parameters);
        generator.AppendTokens(prompt);
        generator.GenerateNextToken(); // of the prompt's logits
        double seconds = Seconds(() =>
        {
            for (int i = 0; i < tokens; i++)
            {
                generator.GenerateNextToken();
            }
        });
        return tokens / seconds;
    }

    private static void SetThreads(string config)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(config))!;
        json["model"]!["decoder"]!["session_options"] = new JsonObject { ["intra_op_num_threads"] = Threads };
        File.WriteAllText(config, json.ToJsonString());
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
