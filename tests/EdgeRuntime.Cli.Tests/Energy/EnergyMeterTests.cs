using System;
using System.Linq;
using System.Threading;
using EdgeRuntime.Cli.Energy;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Energy;

public sealed class EnergyMeterTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);

    [Fact]
    public void Measure_NoSensor_SaysSoAndGivesNoNumber()
    {
        using var sysfs = new SysfsFixture();
        using var meter = EnergyMeter.Detect(new EnergyOptions { Sysfs = sysfs.Tree });
        bool ran = false;
        Assert.Null(meter.Measure(() => ran = true));
        Assert.True(ran);
        Assert.Null(meter.MeasureIdle());
        Assert.Equal("no energy sensor", meter.Source);
        Assert.Equal("no energy sensor", meter.Status);
    }

    [Fact]
    public void Measure_SteadyPower_IntegratesIt()
    {
        var sensor = new FakeSensor(SensorKind.Power, _ => 12.5);
        using var meter = new EnergyMeter(sensor, Interval);
        EnergyReading reading = meter.Measure(() => sensor.WaitForReads(3))!;
        Assert.Equal(12.5, reading.Watts, 6);
        Assert.Equal(12.5 * reading.Seconds, reading.Joules, 6);
        Assert.Equal(0, reading.ErrorJoules, 6);
        Assert.True(reading.Samples > 2, $"{reading.Samples} samples");
        Assert.Equal("fake", reading.Source);
    }

    [Fact]
    public void Measure_Counter_TakesTheDifferenceOfItsEnds()
    {
        double joules = 1000;
        using var meter = new EnergyMeter(new FakeSensor(SensorKind.Counter, _ => joules), Interval);
        EnergyReading first = meter.Measure(() =>
        {
            Thread.Sleep(20);
            joules += 3;
        })!;
        Assert.Equal(3, first.Joules, 9);
        Assert.Equal(2 * 0.001 * first.Watts, first.ErrorJoules, 9);

        EnergyReading second = meter.Measure(() =>
        {
            Thread.Sleep(20);
            joules += 5;
        })!;
        Assert.Equal(8, first.Plus(second).Joules, 9);
    }

    [Fact]
    public void Measure_SensorFails_GivesNoNumberAndTheReason()
    {
        var sensor = new FakeSensor(SensorKind.Power, call => call < 2 ? 5 : throw new EnergySensorException("unplugged"));
        using var meter = new EnergyMeter(sensor, Interval);
        Assert.Null(meter.Measure(() => sensor.WaitForReads(3)));
        Assert.Equal("unplugged", meter.Status);
    }

    [Fact]
    public void Measure_SensorThatFailsAndGoesOn_CountsTheFailuresOfThisMeasurement()
    {
        var sensor = new FakeSensor(SensorKind.Power, _ => 5) { Failures = 3 };
        using var meter = new EnergyMeter(sensor, Interval);
        EnergyReading reading = meter.Measure(() =>
        {
            Thread.Sleep(5);
            sensor.Failures += 2;
        })!;
        Assert.Equal(2, reading.Failures);
        Assert.Equal(4, reading.Plus(reading).Failures);
        Assert.Equal(2, EnergyFields.Of("", reading, null, tokens: 1).ToDictionary()["energy_failures"]);
    }

    [Fact]
    public void Measure_CounterThatStandsStill_GivesNoNumber()
    {
        using var meter = new EnergyMeter(new FakeSensor(SensorKind.Counter, _ => 1000), Interval);
        Assert.Null(meter.Measure(() => Thread.Sleep(20)));
        Assert.StartsWith("fake did not move in ", meter.Status, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_ShorterThanTheSensorsLatency_GivesNoNumber()
    {
        using var meter = new EnergyMeter(new FakeSensor(SensorKind.Power, _ => 5, TimeSpan.FromMinutes(5)), Interval);
        Assert.Null(meter.Measure(() => Thread.Sleep(5)));
        Assert.Contains("too short", meter.Status, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_ActionThrows_MayBeUsedAgain()
    {
        using var meter = new EnergyMeter(new FakeSensor(SensorKind.Power, _ => 5), Interval);
        Assert.Throws<InvalidOperationException>(() => meter.Measure(() => throw new InvalidOperationException()));
        Assert.NotNull(meter.Measure(() => Thread.Sleep(5)));
    }

    [Fact]
    public void Compute_UnevenSteps_IsTheTrapezoid()
    {
        EnergyReading reading = Compute(SensorKind.Power, 0, (0, 10), (1, 20), (4, 20), (4.5, 0));
        Assert.Equal(15 + 60 + 5, reading.Joules, 9);
        Assert.Equal(4.5, reading.Seconds, 9);
        Assert.Equal(Math.Sqrt(25 + 25), reading.ErrorJoules, 9);
        Assert.Equal(4, reading.Samples);
    }

    [Fact]
    public void Compute_LateSensor_CountsItsSpreadAtTheEnds() =>
        Assert.Equal(0.5 + (0.2 * 1), Compute(SensorKind.Power, 0.2, (0, 3), (1, 4)).ErrorJoules, 9);

    [Fact]
    public void Compute_RandomPowers_StayWithinTheError()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        int outside = 0;
        for (int round = 0; round < 200; round++)
        {
            // The truth is finer by 16 than what the sensor shows, and changes at random.
            double[] watts = [.. Enumerable.Range(0, 1601).Select(_ => 5 + (20 * random.NextDouble()))];
            for (int i = 1; i < watts.Length; i++)
            {
                watts[i] = (0.9 * watts[i - 1]) + (0.1 * watts[i]);
            }

            (double, double)[] all = [.. watts.Select((value, i) => (i / 16.0, value))];
            double truth = Compute(SensorKind.Power, 0, all).Joules;
            EnergyReading seen = Compute(SensorKind.Power, 0, [.. all.Where((_, i) => i % 16 == 0)]);
            outside += Math.Abs(seen.Joules - truth) > 2 * seen.ErrorJoules ? 1 : 0;
        }

        Assert.True(outside <= 20, $"seed {Seed}: {outside} of 200 lie outside two errors");
    }

    [Fact]
    public void Minus_Idle_SubtractsItsPowerAndAddsItsError()
    {
        var busy = new EnergyReading("s", 100, 10, 1, 50);
        var idle = new EnergyReading("s", 8, 2, 0.2, 10);
        EnergyReading net = busy.Minus(idle);
        Assert.Equal(60, net.Joules, 9);
        Assert.Equal(6, net.Watts, 9);
        Assert.Equal(2, net.ErrorJoules, 9);
    }

    private static EnergyReading Compute(SensorKind kind, double latency, params (double Seconds, double Value)[] samples) =>
        EnergyIntegral.Compute(
            "s", kind, TimeSpan.FromSeconds(latency), [.. samples.Select(sample => new EnergySample(sample.Seconds, sample.Value))]);

    private sealed class FakeSensor(SensorKind kind, Func<int, double> read, TimeSpan? latency = null) : IEnergySensor
    {
        private int _calls;

        /// <summary>Waits until the meter has asked that often: its thread comes when the system lets it.</summary>
        public void WaitForReads(int count) =>
            Assert.True(
                SpinWait.SpinUntil(() => Volatile.Read(ref _calls) >= count, TimeSpan.FromSeconds(60)), $"read {_calls} times only");

        public string Name => "fake";

        public SensorKind Kind => kind;

        public int Failures { get; set; }

        public TimeSpan Latency => latency ?? TimeSpan.FromMilliseconds(1);

        public double Read() => read(Interlocked.Increment(ref _calls) - 1);

        public void Dispose()
        {
        }
    }
}
