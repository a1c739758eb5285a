using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels;

public class PackedMatrixTests
{
    public static TheoryData<TensorType> Types => [.. TensorFormats.All.Select(format => format.Type)];

    /// <summary>Every format with every instruction set of the list.</summary>
    public static TheoryData<TensorType, string> TypesAndSets
    {
        get
        {
            TheoryData<TensorType, string> cases = [];
            foreach (TensorFormat format in TensorFormats.All)
            {
                foreach (InstructionSet set in InstructionSet.All)
                {
                    cases.Add(format.Type, set.Name);
                }
            }

            return cases;
        }
    }

    private static InstructionSet Scalar => InstructionSet.Parse("scalar");

    [Theory]
    [MemberData(nameof(Types))]
    public void Multiply_Scalar_IsCloseToTheDequantizedProduct(TensorType type)
    {
        Random random = new(7);
        const int Rows = 19;
        const int Tokens = 3;
        int columns = 512;
        byte[] source = MatrixCase.RandomRows(TensorFormats.Get(type), Rows, columns, random);
        float[] x = MatrixCase.RandomActivations(Tokens, columns, random);
        float[] weights = new float[Rows * columns];
        TensorFormats.Get(type).Dequantize(source, weights);
        using PackedMatrix matrix = MatrixCase.Pack(type, source, Rows, columns, Scalar);

        float[] y = MatrixCase.Multiply(matrix, x, Tokens, Scalar);

        for (int i = 0; i < y.Length; i++)
        {
            double exact = 0;
            double magnitude = 0;
            for (int k = 0; k < columns; k++)
            {
                double term = (double)weights[(i % Rows * columns) + k] * x[(i / Rows * columns) + k];
                exact += term;
                magnitude += Math.Abs(term);
            }

            double bound = (matrix.ActivationKind == ActivationKind.Int8 ? 0.02 : 1e-5) * magnitude;
            Assert.True(Math.Abs(y[i] - exact) <= bound, $"token {i / Rows}, row {i % Rows}: {y[i]} instead of {exact}");
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndSets))]
    public void Multiply_AnyInstructionSet_EqualsScalarToTheBit(TensorType type, string name)
    {
        InstructionSet set = Require(name);
        TensorFormat format = TensorFormats.Get(type);
        foreach ((int rows, int blocks, int tokens, bool extreme, int seed) in Shapes)
        {
            Random random = new(seed);
            int columns = blocks * Math.Max(format.BlockWeights, 32);
            byte[] source = MatrixCase.RandomRows(format, rows, columns, random, extreme);
            float[] x = MatrixCase.RandomActivations(tokens, columns, random);
            using PackedMatrix reference = MatrixCase.Pack(type, source, rows, columns, Scalar);
            using PackedMatrix matrix = MatrixCase.Pack(type, source, rows, columns, set);

            float[] expected = MatrixCase.Multiply(reference, x, tokens, Scalar);
            float[] actual = MatrixCase.Multiply(matrix, x, tokens, set);

            for (int i = 0; i < expected.Length; i++)
            {
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected[i]) == BitConverter.SingleToInt32Bits(actual[i]),
                    $"seed {seed}, [{rows}, {columns}] x {tokens}: token {i / rows}, row {i % rows}: {actual[i]:r}, scalar {expected[i]:r}");
            }
        }
    }

    private static readonly (int Rows, int Blocks, int Tokens, bool Extreme, int Seed)[] Shapes =
    [
        (16, 1, 1, false, 1), (33, 3, 1, false, 2), (1, 9, 1, true, 3), (17, 10, 2, true, 4), (7, 2, 5, false, 5), (20, 1, 33, true, 6),
    ];

    private static InstructionSet Require(string name)
    {
        InstructionSet set = InstructionSet.All.Single(set => set.Name == name);
        Assert.SkipUnless(set.IsSupported, $"this machine has no {name}");
        return set;
    }
}
