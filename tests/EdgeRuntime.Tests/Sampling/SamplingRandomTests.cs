using System.Linq;
using EdgeRuntime.Sampling;
using Xunit;

namespace EdgeRuntime.Tests.Sampling;

public sealed class SamplingRandomTests
{
    [Fact]
    public void NextBits_KnownState_GivesTheReferenceNumbersOfXoshiro256StarStar()
    {
        SamplingRandom random = new(1, 2, 3, 4);
        ulong[] expected =
        [
            11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600, 16172922978634559625, 8476171486693032832,
            10595114339597558777, 2904607092377533576,
        ];
        Assert.Equal(expected, expected.Select(_ => random.NextBits()).ToArray());
    }

    [Fact]
    public void Constructor_Seed_FillsTheStateWithTheReferenceNumbersOfSplitMix64()
    {
        SamplingRandom seeded = new(1234567);
        SamplingRandom filled = new(6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(filled.NextBits(), seeded.NextBits());
        }
    }

    [Fact]
    public void NextDouble_ManyNumbers_AreEvenAndBelowOne()
    {
        SamplingRandom random = new(7);
        int[] tenths = new int[10];
        for (int i = 0; i < 100_000; i++)
        {
            double number = random.NextDouble();
            Assert.InRange(number, 0, 1 - 1e-16);
            tenths[(int)(number * 10)]++;
        }

        Assert.All(tenths, count => Assert.InRange(count, 9_600, 10_400));
    }
}
