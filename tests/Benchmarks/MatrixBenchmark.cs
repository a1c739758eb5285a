using System;
using System.Collections.Generic;
using System.Linq;
using BenchmarkDotNet.Attributes;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.Benchmarks;

/// <summary>A packed matrix times random activations, on one thread.</summary>
public abstract unsafe class MatrixBenchmark(int rows, int columns, int tokens)
{
    private PackedMatrix _matrix = null!;
    private NativeBuffer _panels = null!;
    private NativeBuffer _activations = null!;
    private NativeBuffer _y = null!;
    private NativeBuffer _scratch = null!;

    /// <summary>A tensor type by ggml's name.</summary>
    [ParamsSource(nameof(Formats))]
    public string Format { get; set; } = "";

    [ParamsSource(nameof(InstructionSets))]
    public string Isa { get; set; } = "";

    public static IEnumerable<string> Formats => TensorFormats.All.Select(format => format.Type.ToString());

    public static IEnumerable<string> InstructionSets =>
        InstructionSet.All.Where(set => set.IsSupported && set.Name != "scalar").Select(set => set.Name);

    /// <summary>Bytes of a matrix in the file's layout.</summary>
    public static double Bytes(string format, int rows, int columns) =>
        (double)rows * columns / Find(format).BlockWeights * Find(format).BlockBytes;

    [GlobalSetup]
    public void Setup()
    {
        InstructionSet set = InstructionSet.Parse(Isa);
        TensorFormat format = Find(Format);
        var random = new Random(1);
        // Large pages, as a model's weights have them.
        _matrix = new PackedMatrix(format.Type, rows, columns, set, allocate: false);
        _panels = new NativeBuffer(_matrix.ByteSize);
        _panels.PreferLargePages();
        _matrix.Place(_panels, 0);
        // A byte that makes normal scales in every type: a product that underflows takes longer.
        byte[] panel = new byte[PackedMatrix.PanelRows * format.RowBytes(columns)];
        Array.Fill(panel, (byte)0x2a);
        for (int i = 0; i < _matrix.Panels; i++)
        {
            _matrix.PackPanel(i, panel, _matrix.Panel(i));
        }

        float[] x = [.. Enumerable.Range(0, tokens * columns).Select(_ => random.NextSingle() - 0.5f)];
        _activations = new NativeBuffer(ActivationLayout.ByteSize(_matrix.ActivationKind, columns, tokens));
        _y = new NativeBuffer((long)tokens * rows * sizeof(float));
        _scratch = new NativeBuffer(_matrix.ScratchBytes);
        int tileTokens = set.Kernels.TileTokens;
        fixed (float* input = x)
        {
            int tiles = (tokens + tileTokens - 1) / tileTokens;
            ActivationQuantizer.Fill(_matrix.ActivationKind, input, columns, tokens, columns, 0, tiles, _activations.Pointer, set);
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _matrix.Dispose();
        _panels.Dispose();
        _activations.Dispose();
        _y.Dispose();
        _scratch.Dispose();
    }

    [Benchmark]
    public void Multiply() =>
        _matrix.Multiply(_matrix.Panel(0), _activations.Pointer, tokens, 0, _matrix.Panels, (float*)_y.Pointer, rows, _scratch.Pointer);

    private static TensorFormat Find(string format) => TensorFormats.Get(Enum.Parse<TensorType>(format));
}

/// <summary>Prefill: 512 tokens.</summary>
public class GemmBenchmarks() : MatrixBenchmark(Rows, Columns, Tokens)
{
    private const int Rows = 1024;
    private const int Columns = 2048;
    private const int Tokens = 512;

    public static KernelWork Work(string format) => new(2.0 * Rows * Columns * Tokens, Bytes(format, Rows, Columns));
}

/// <summary>Decode: one token, and a matrix that no cache holds.</summary>
public class GemvBenchmarks() : MatrixBenchmark(Rows, Columns, tokens: 1)
{
    private const int Rows = 65536;
    private const int Columns = 2048;

    public static KernelWork Work(string format) => new(2.0 * Rows * Columns, Bytes(format, Rows, Columns));
}
