using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Energy;

public sealed class BenchEnergyTests : IDisposable
{
    private readonly SysfsFixture _sysfs = new();

    public void Dispose() => _sysfs.Dispose();

    [Fact]
    public void Bench_BoardWithASensor_ReportsJoulesOfPrefillAndDecode()
    {
        _sysfs.Add("class/hwmon/hwmon0", ("name", "ina226"), ("label", "5V0"), ("power1_input", 4_000_000), ("update_interval", 1));
        // Every repeat lasts many times the sensor's millisecond: a shorter one has no reading.
        JsonElement[] rows = Bench("-p", "512", "-n", "512", "-r", "3");
        Assert.Equal(["pp512", "tg512"], rows.Select(row => row.GetProperty("test").GetString()));
        foreach (JsonElement row in rows)
        {
            Assert.Equal("hwmon ina226 5V0", row.GetProperty("energy_source").GetString());
            Assert.Equal(4, row.GetProperty("energy_watts").GetDouble(), 3);
            Assert.Equal(4, row.GetProperty("energy_idle_watts").GetDouble(), 3);
            Assert.Equal(0, row.GetProperty("energy_net_j_per_token").GetDouble(), 6);
            Assert.True(row.GetProperty("energy_j_per_token").GetDouble() > 0);
        }
    }

    [Fact]
    public void Bench_NoSensor_SaysSoAndPrintsNoNumber()
    {
        foreach (JsonElement row in Bench("-p", "8", "-n", "2", "-r", "1"))
        {
            Assert.Equal("no energy sensor", row.GetProperty("energy_source").GetString());
            IEnumerable<string> names = row.EnumerateObject().Select(field => field.Name);
            Assert.Equal(["energy_source"], names.Where(name => name.StartsWith("energy", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Bench_NoneWanted_SaysNothing() => Assert.All(
        Bench("-p", "8", "-n", "0", "-r", "1", "--energy", "none"), row => Assert.False(row.TryGetProperty("energy_source", out _)));

    [Fact]
    public void Bench_NamedSensorAbsent_IsAnError()
    {
        string line = Edgert.Run("bench", Edgert.Stories, "--sysfs-root", _sysfs.Root, "--energy", "rapl").ExpectErrorLine(1);
        Assert.Equal("edgert: error: rapl: no energy sensor", line);
    }

    private JsonElement[] Bench(params string[] options) =>
    [
        .. Edgert.Run(["bench", Edgert.Stories, "-o", "jsonl", "--sysfs-root", _sysfs.Root, .. options])
            .Expect(0).Output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement),
    ];
}
