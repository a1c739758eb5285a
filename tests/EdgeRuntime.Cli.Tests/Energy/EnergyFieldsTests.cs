using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Cli.Energy;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Energy;

public sealed class EnergyFieldsTests
{
    [Fact]
    public void Of_ReadingAndIdle_GivesGrossAndNetPerToken()
    {
        Dictionary<string, object> fields = EnergyFields.Of(
            "", new EnergyReading("rail", 100, 10, 1, 50), new EnergyReading("rail", 8, 2, 0.2, 10), tokens: 300).ToDictionary();
        Assert.Equal("rail", fields["energy_source"]);
        Assert.Equal(0.3333, fields["energy_j_per_token"]);
        Assert.Equal(0.003333, fields["energy_error_j_per_token"]);
        Assert.Equal(10.0, fields["energy_watts"]);
        Assert.Equal(4.0, fields["energy_idle_watts"]);
        Assert.Equal(0.2, fields["energy_net_j_per_token"]);
        Assert.Equal(6.0, fields["energy_net_watts"]);
        Assert.Equal(50, fields["energy_samples"]);
    }

    [Fact]
    public void Of_NoReading_GivesTheReasonAndNoNumber()
    {
        using var meter = new EnergyMeter(
            null, TimeSpan.FromMilliseconds(10), ["battery BAT0 is not discharging: unplug the charger to measure with it"]);
        (string name, object value) = Assert.Single(EnergyFields.Of(meter.Status, null, null, tokens: 300));
        Assert.Equal("energy_source", name);
        Assert.Equal("no energy sensor (battery BAT0 is not discharging: unplug the charger to measure with it)", value);
    }
}
