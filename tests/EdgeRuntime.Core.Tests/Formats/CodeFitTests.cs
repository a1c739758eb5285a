using System;
using System.Linq;
using System.Runtime.Intrinsics;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Core.Tests.Formats;

/// <summary>The measure of the searches against its definition, one scale and one weight at a time.</summary>
public class CodeFitTests
{
    private const int Length = 32;

    [Fact]
    public void Measure_Scales_SameBitsAsScalarCode()
    {
        CheckScales<Centered3>();
        CheckScales<Centered4>();
        CheckScales<Centered5>();
        CheckScales<Centered6>();
        CheckScales<NonLinearCode>();
    }

    [Fact]
    public void Measure_Ranges_SameBitsAsScalarCode()
    {
        CheckRanges<Unsigned2>();
        CheckRanges<Unsigned4>();
        CheckRanges<Unsigned5>();
    }

    [Fact]
    public void Encode_AllCodes_NearestNumbers()
    {
        CheckEncode<Centered3>(0);
        CheckEncode<Centered6>(0);
        CheckEncode<NonLinearCode>(0);
        CheckEncode<Unsigned2>(-0.1f);
        CheckEncode<Unsigned5>(-0.2f);
    }

    [Fact]
    public void NearestValue_HalfSteps_NearestAndLargerOnTies()
    {
        for (int twice = -300; twice <= 300; twice++)
        {
            float x = twice / 2f;

            Assert.Equal(Nearest<NonLinearCode>(x), NonLinear4.NearestValue(Vector256.Create(x))[0]);
            Assert.Equal(Nearest<NonLinearCode>(x), NonLinear4.Values[NonLinear4.Nearest(Vector256.Create(x))[0]]);
        }
    }

    private static void CheckScales<TCode>()
        where TCode : unmanaged, IQuantCode
    {
        (float[] x, float[] weights) = Samples();
        Vector256<float> scales = Vector256.Create(0f, 0.01f, -0.02f, 0.005f, 1e-30f, 1e-42f, 0.1f, 0.013f) * (16f / TCode.MaxLevel);

        ScaleFit fit = CodeFit.Measure<TCode>(x, weights, scales);

        for (int lane = 0; lane < CodeFit.Lanes; lane++)
        {
            (float error, _, float sumXQ, float sumQQ) = Define<TCode>(x, weights, scales[lane], 0);
            error = CodeFit.IsCoarse<TCode>() ? scales[lane] * ((scales[lane] * sumQQ) - (sumXQ + sumXQ)) : error;
            Assert.Equal((error, sumXQ, sumQQ), (fit.Error[lane], fit.SumXQ[lane], fit.SumQQ[lane]));
        }
    }

    private static void CheckRanges<TCode>()
        where TCode : unmanaged, IQuantCode
    {
        (float[] x, float[] weights) = Samples();
        Vector256<float> scales = Vector256.Create(0f, 0.01f, 0.02f, 0.005f, 1e-30f, 1e-42f, 0.1f, 0.013f);
        Vector256<float> offsets = Vector256.Create(-0.1f, -0.1f, -0.11f, 0, -0.2f, -0.05f, -0.09f, -0.12f);

        RangeFit fit = CodeFit.Measure<TCode>(x, weights, scales, offsets);

        for (int lane = 0; lane < CodeFit.Lanes; lane++)
        {
            (float, float, float, float) expected = Define<TCode>(x, weights, scales[lane], offsets[lane]);
            Assert.Equal(expected, (fit.Error[lane], fit.SumQ[lane], fit.SumXQ[lane], fit.SumQQ[lane]));
        }
    }

    private static void CheckEncode<TCode>(float offset)
        where TCode : unmanaged, IQuantCode
    {
        (float[] x, _) = Samples();
        byte[] quants = new byte[Length];
        float scale = 0.2f / TCode.MaxLevel;

        CodeFit.Encode<TCode>(x, scale, offset, quants);

        bool isNonLinear = typeof(TCode) == typeof(NonLinearCode);
        Assert.Equal(
            x.Select(value => Nearest<TCode>((value - offset) * (1 / scale))),
            quants.Select(quant => (float)(isNonLinear ? NonLinear4.Values[quant] : quant - TCode.Offset)));
    }

    private static (float Error, float SumQ, float SumXQ, float SumQQ) Define<TCode>(
        float[] x, float[] weights, float scale, float offset)
        where TCode : unmanaged, IQuantCode
    {
        float inverse = float.IsFinite(1 / scale) ? 1 / scale : 0;
        (float error, float sumQ, float sumXQ, float sumQQ) = (0, 0, 0, 0);
        for (int i = 0; i < x.Length; i++)
        {
            float number = Nearest<TCode>((x[i] - offset) * inverse);
            float difference = MathF.FusedMultiplyAdd(-scale, number, x[i] - offset);
            error = MathF.FusedMultiplyAdd(weights[i] * difference, difference, error);
            sumQ += weights[i] * number;
            sumXQ = MathF.FusedMultiplyAdd(weights[i] * number, x[i], sumXQ);
            sumQQ = MathF.FusedMultiplyAdd(weights[i] * number, number, sumQQ);
        }

        return (error, sumQ, sumXQ, sumQQ);
    }

    private static float Nearest<TCode>(float x)
        where TCode : unmanaged, IQuantCode
    {
        float[] numbers = typeof(TCode) == typeof(NonLinearCode)
            ? [.. NonLinear4.Values.ToArray().Select(static value => (float)value)]
            : [.. Enumerable.Range(0, TCode.MaxLevel + 1).Select(static level => (float)(level - TCode.Offset))];
        return typeof(TCode) == typeof(NonLinearCode)
            ? numbers.Reverse().MinBy(number => MathF.Abs(number - Math.Clamp(x, 2 * numbers[0], 2 * numbers[^1])))
            : Math.Clamp(MathF.Round(x), numbers[0], numbers[^1]);
    }

    private static (float[] X, float[] Weights) Samples()
    {
        var random = new Random(1);
        return (
            [.. Enumerable.Range(0, Length).Select(i => i == 5 ? 0 : (random.NextSingle() - 0.5f) / 4)],
            [.. Enumerable.Range(0, Length).Select(i => i == 7 ? 0 : random.NextSingle())]);
    }
}
