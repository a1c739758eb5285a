using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Energy;

public sealed class CommandSourceTests
{
    [Theory]
    [InlineData("12.5", 12.5)]
    [InlineData("  7 W\r", 7.0)]
    [InlineData("3500 mW", 3.5)]
    [InlineData("1e1", 10.0)]
    [InlineData("-4", null)]
    [InlineData("[N/A]", null)]
    [InlineData("NaN", null)]
    [InlineData("12,5", null)]
    [InlineData("", null)]
    public void ParseWatts_Lines_AreNumbersOrNothing(string line, double? expected) =>
        Assert.Equal(expected, CommandSource.ParseWatts(line));

    [Theory]
    [InlineData("Combined Power (CPU + GPU + ANE): 1650 mW", 1.65)]
    [InlineData("CPU Power: 1234 mW", null)]
    [InlineData("Intel energy model derived package power (CPUs+GT+SA): 3.10W", 3.1)]
    public void ParseWatts_LinesOfPowerMetrics_TakeTheSum(string line, double? expected) =>
        Assert.Equal(expected, PowerMetricsSource.ParseWatts(line));

    [Fact]
    public void Open_CommandThatEnds_IsStartedAgain()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a shell of Unix");
        using var folder = new TemporaryFolder();
        string file = folder.Write("watts", "4\n");
        using IEnergySensor sensor = Open($"cat '{file}'");
        Assert.Equal(4, sensor.Read());

        // In one step: the command that reads an empty file has failed.
        File.Move(folder.Write("next", "6 W\n"), file, overwrite: true);
        Assert.True(SpinWait.SpinUntil(() => sensor.Read() == 6, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Open_CommandThatGoesOn_GivesItsLastLine()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a shell of Unix");
        using IEnergySensor sensor = Open("echo header; echo 1; echo 2; exec sleep 600");
        Assert.True(SpinWait.SpinUntil(() => sensor.Read() == 2, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Open_CommandThatFailsNowAndThen_KeepsItsLastNumberAndCounts()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a shell of Unix");
        using var folder = new TemporaryFolder();
        string counter = folder.Write("counter", "0");

        // Every second run fails.
        using IEnergySensor sensor = Open($"n=$(($(cat '{counter}') + 1)); echo $n > '{counter}'; [ $((n % 2)) = 1 ] && echo 5");
        Assert.True(SpinWait.SpinUntil(() => sensor.Failures >= 8, TimeSpan.FromSeconds(60)));
        Assert.Equal(5, sensor.Read());
    }

    [Fact]
    public void Open_CommandThatFailsAgainAndAgain_IsGivenUp()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a shell of Unix");
        using var folder = new TemporaryFolder();
        string file = folder.Write("watts", "4\n");
        using IEnergySensor sensor = Open($"cat '{file}' || exit 7");
        File.Delete(file);
        string? problem = null;
        Assert.True(SpinWait.SpinUntil(() => (problem = Problem(sensor)) is not null, TimeSpan.FromSeconds(60)));
        Assert.EndsWith("ended with exit code 7", problem, StringComparison.Ordinal);
        Assert.Equal(4, sensor.Failures);
    }

    [Theory]
    [InlineData("echo no number", "ended without a line that is a number of watts")]
    [InlineData("exit 3", "ended with exit code 3")]
    public void Open_CommandWithoutWatts_SaysWhy(string command, string reason)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a shell of Unix");
        var hints = new List<string>();
        Assert.Null(new CommandSource().Open(new EnergyOptions { Command = command }, hints));
        Assert.Equal($"command '{command}': {reason}", Assert.Single(hints));
    }

    [Fact]
    public void Detect_CommandThatFails_TakesNoOtherSensor()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a shell of Unix");
        using var sysfs = new SysfsFixture();
        sysfs.AddRapl("intel-rapl:0", "package-0", 1);
        using var meter = EnergyMeter.Detect(new EnergyOptions { Sysfs = sysfs.Tree, Command = "exit 1" });
        Assert.False(meter.HasSensor);
        Assert.Contains("exit code 1", meter.Status, StringComparison.Ordinal);
    }

    private static string? Problem(IEnergySensor sensor)
    {
        try
        {
            sensor.Read();
            return null;
        }
        catch (EnergySensorException exception)
        {
            return exception.Message;
        }
    }

    private static IEnergySensor Open(string command)
    {
        var hints = new List<string>();
        IEnergySensor? sensor =
            new CommandSource().Open(new EnergyOptions { Command = command, Interval = TimeSpan.FromMilliseconds(10) }, hints);
        return sensor ?? throw new InvalidOperationException(string.Join("; ", hints));
    }
}
