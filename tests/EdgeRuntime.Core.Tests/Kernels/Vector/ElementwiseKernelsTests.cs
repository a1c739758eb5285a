using System;
using System.Linq;
using EdgeRuntime.Kernels;
using EdgeRuntime.Kernels.Arm;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Kernels.X86;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels.Vector;

public sealed unsafe class ElementwiseKernelsTests
{
    // Relative to the greatest value, or to 1: some roundings of float.
    private const double Tolerance = 4e-7;

    private static readonly ElementwiseKernels[] s_widths =
    [
        new ElementwiseKernels<LanesScalar>(), new ElementwiseKernels<Lanes128>(), new ElementwiseKernels<Lanes256>(),
        new ElementwiseKernels<Lanes512>(),
    ];

    public static TheoryData<int> Counts => [1, 3, 15, 16, 17, 64, 100, 576];

    [Theory]
    [MemberData(nameof(Counts))]
    public void RmsNorm_AnyCount_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        float[] x = Random(count, 1);
        float[] weight = Random(count, 2);
        double inverse = 1 / Math.Sqrt((x.Sum(value => (double)value * value) / count) + 1e-5);
        double[] expected = [.. x.Zip(weight, (value, factor) => value * inverse * factor)];
        Check(expected, (kernels, y) => RmsNorm(kernels, x, weight, y));
        Check([.. x.Select(value => value * inverse)], (kernels, y) => RmsNorm(kernels, x, null, y));
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void SwiGlu_AnyCount_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        float[] gate = Array.ConvertAll(Random(count, 3), value => value * 8);
        float[] up = Random(count, 4);
        double[] expected = [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-(double)g)) * u)];
        Check(expected, (kernels, y) =>
        {
            fixed (float* g = gate, u = up)
            {
                kernels.Gate(Activation.Silu, g, u, y, count);
            }
        });
    }

    [Fact]
    public void SwiGlu_FarGates_AreZeroOrPassThrough()
    {
        float[] gate = [-1000, -90, 90, 1000];
        foreach (ElementwiseKernels kernels in s_widths)
        {
            float[] h = [2, 2, 2, 2];
            fixed (float* g = gate, u = h)
            {
                kernels.Gate(Activation.Silu, g, u, u, 4);
            }

            Assert.Equal(0, h[0], 1e-30);
            Assert.Equal(0, h[1], 1e-30);
            Assert.Equal([180, 2000], h[2..]);
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Activate_EveryFunction_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        float[] x = Array.ConvertAll(Random(count, 5), value => value * 8);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            double[] expected = [.. x.Select(value => Function(activation, value))];
            Check(expected, (kernels, y) =>
            {
                fixed (float* source = x)
                {
                    kernels.Activate(activation, source, y, count);
                }
            });
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Activate_Xielu_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        float[] x = Array.ConvertAll(Random(count, 13), value => value * 4);
        x[0] = -1e-7f;
        var function = new Xielu(0.75f, 1.25f, 0.5f, -1e-6f);
        double[] expected = [.. x.Select(value => (double)value).Select(value =>
            value > 0 ? (0.75 * value * value) + (0.5 * value) : ((Math.Exp(Math.Min(value, -1e-6)) - 1 - value) * 1.25) + (0.5 * value))];
        Check(expected, (kernels, y) =>
        {
            fixed (float* source = x)
            {
                kernels.Activate(function, source, y, count);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void LayerNorm_AnyCount_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        float[] x = Random(count, 6);
        float[] weight = Random(count, 7);
        float[] bias = Random(count, 8);
        double mean = x.Average(value => (double)value);
        double inverse = 1 / Math.Sqrt((x.Sum(value => (value - mean) * (value - mean)) / count) + 1e-5);
        double[] expected = [.. x.Select((value, i) => ((value - mean) * inverse * weight[i]) + bias[i])];
        Check(expected, (kernels, y) =>
        {
            fixed (float* source = x, factors = weight, addends = bias)
            {
                kernels.LayerNorm(source, factors, addends, 1e-5f, y, count);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Sums_AnyCount_AreNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        float[] x = Random(count, 12);
        Check([x.Sum(static value => (double)value), x.Sum(static value => (double)value * value)], (kernels, y) =>
        {
            fixed (float* source = x)
            {
                y[0] = kernels.Sum(source, count);
                y[1] = kernels.SumOfSquares(source, count);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void ScanChannels_AnyCount_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        const int States = 3;
        float[] state = Random(States * count, 31), a = Random(States * count, 32), time = Random(count, 33), input = Random(count, 34);
        float[] b = Random(States, 35), c = Random(States, 36);
        double[] next = [.. state.Select((value, i) =>
            (value * Math.Exp((double)time[i % count] * a[i])) + ((double)input[i % count] * b[i / count]))];
        double[] sums = [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, States).Sum(s => next[(s * count) + i] * c[s]))];
        double[] expected = [.. next, .. sums];
        Check(expected, (kernels, y) =>
        {
            fixed (float* from = state, rates = a, times = time, inputs = input, bs = b, cs = c)
            {
                kernels.ScanChannels(from, y, rates, count, times, inputs, bs, cs, States, y + next.Length, count);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void StepMatrix_AnyCount_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        const int Rows = 5;
        const int Steps = 2;
        float[] state = Random(Rows * count, 41), factors = Random(Steps * 4 * Rows, 42), rates = Random(Steps, 43);
        float[] values = Random(Steps * count, 44);
        foreach (bool hasReads in (bool[])[true, false])
        {
            double[] expected = StepMatrix(state, Rows, factors, hasReads, rates, values);
            Check(expected, (kernels, y) =>
            {
                fixed (float* from = state, factor = factors, rate = rates, value = values)
                {
                    kernels.StepMatrix(from, y, Rows, count, new MatrixSteps
                    {
                        Count = Steps,
                        Decays = new StepVectors(factor, 4 * Rows),
                        Reads = hasReads ? new StepVectors(factor + Rows, 4 * Rows) : default,
                        Keys = new StepVectors(factor + (2 * Rows), 4 * Rows),
                        Queries = new StepVectors(factor + (3 * Rows), 4 * Rows),
                        Rates = rate,
                        Values = new StepVectors(value, count),
                        Results = new StepVectors(y + state.Length, count),
                    });
                }
            });
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Cap_AnyCount_IsNearDoublePrecisionAndTheSameForEveryWidth(int count)
    {
        float[] x = Array.ConvertAll(Random(count, 12), value => value * 40);
        Check([.. x.Select(value => 30 * Math.Tanh(value / 30.0))], (kernels, y) =>
        {
            x.CopyTo(new Span<float>(y, count));
            kernels.Cap(y, 30, count);
        });
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Add_AnyCount_IsExact(int count)
    {
        float[] x = Random(count, 5);
        float[] y = Random(count, 6);
        float[] expected = [.. x.Zip(y, (a, b) => a + b)];
        foreach (ElementwiseKernels kernels in s_widths)
        {
            float[] sum = [.. y, 77];
            fixed (float* source = x, destination = sum)
            {
                kernels.Add(source, destination, count);
            }

            Assert.Equal([.. expected, 77], sum);
        }
    }

    [Fact]
    public void For_EveryInstructionSet_HasKernels()
    {
        foreach (InstructionSet instructionSet in InstructionSet.All)
        {
            Assert.NotNull(instructionSet.Elementwise);
        }
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(64, 32)]
    [InlineData(20, 14)]
    [InlineData(6, 2)]
    public void Rope_BothPairings_RotateTheirPairsAndNothingElse(int headLength, int rotated)
    {
        const int Heads = 3;
        float[] angles = [.. Enumerable.Range(0, rotated / 2).Select(i => 0.3f + i)];
        float[] cos = Array.ConvertAll(angles, MathF.Cos);
        float[] sin = Array.ConvertAll(angles, MathF.Sin);
        foreach (RopePairing pairing in Enum.GetValues<RopePairing>())
        {
            float[] x = Random(Heads * headLength, 8);
            float[] expected = [.. x];
            for (int head = 0; head < Heads; head++)
            {
                for (int i = 0; i < rotated / 2; i++)
                {
                    int a = (head * headLength) + (pairing == RopePairing.Norm ? 2 * i : i);
                    int b = pairing == RopePairing.Norm ? a + 1 : a + (rotated / 2);
                    expected[a] = (x[a] * cos[i]) - (x[b] * sin[i]);
                    expected[b] = (x[b] * cos[i]) + (x[a] * sin[i]);
                }
            }

            fixed (float* values = x, c = cos, s = sin)
            {
                Rope.Apply(values, Heads, headLength, rotated, c, s, pairing);
            }

            Assert.Equal(expected, x);
        }
    }

    private static double Function(Activation activation, double x) => activation switch
    {
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.Gelu => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        Activation.Relu => Math.Max(x, 0),
        Activation.ReluSquared => Math.Max(x, 0) * Math.Max(x, 0),
        Activation.Sigmoid => 1 / (1 + Math.Exp(-x)),
        Activation.Exp => Math.Exp(x),
        _ => Math.Log(1 + Math.Exp(x)),
    };

    private delegate void Kernel(ElementwiseKernels kernels, float* y);

    /// <summary>The definition, column by column: the last state in panels, then the results of all steps.</summary>
    private static double[] StepMatrix(float[] state, int rows, float[] factors, bool hasReads, float[] rates, float[] values)
    {
        int columns = state.Length / rows;
        double[] result = [.. state.Select(value => (double)value), .. values.Select(_ => 0.0)];
        for (int i = 0; i < values.Length; i++)
        {
            int column = i % columns;
            ReadOnlySpan<float> factor = factors.AsSpan(i / columns * 4 * rows, 4 * rows);
            int start = column - (column % MatrixSteps.PanelColumns);
            int width = Math.Min(columns - start, MatrixSteps.PanelColumns);
            int first = (start * rows) + column - start;
            double seen = 0;
            for (int row = 0; hasReads && row < rows; row++)
            {
                seen += factor[rows + row] * result[first + (row * width)];
            }

            for (int row = 0; row < rows; row++)
            {
                ref double element = ref result[first + (row * width)];
                element = (factor[row] * element) + (factor[(2 * rows) + row] * rates[i / columns] * (values[i] - seen));
                result[state.Length + i] += factor[(3 * rows) + row] * element;
            }
        }

        return result;
    }

    private static void Check(double[] expected, Kernel kernel)
    {
        double scale = Math.Max(1, expected.Max(Math.Abs));
        float[]? first = null;
        foreach (ElementwiseKernels kernels in s_widths)
        {
            float[] y = new float[expected.Length + 1];
            y[^1] = 77;
            fixed (float* destination = y)
            {
                kernel(kernels, destination);
            }

            Assert.Equal(77, y[^1]);
            first ??= y;
            Assert.Equal(first, y);
        }

        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(first![i] - expected[i]) <= Tolerance * scale, $"element {i}: {first[i]:r} for {expected[i]:r}");
        }
    }

    private static void RmsNorm(ElementwiseKernels kernels, float[] x, float[]? weight, float* y)
    {
        fixed (float* source = x, factors = weight)
        {
            kernels.RmsNorm(source, factors, 1e-5f, y, x.Length);
        }
    }

    private static float[] Random(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 4) - 2)];
    }
}
