using System;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using Xunit;

namespace EdgeRuntime.Core.Tests.Kernels;

public class PackedMatrixTests
{
    public static TheoryData<TensorType> Types => [.. TensorFormats.All.Select(format => format.Type)];

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
}
