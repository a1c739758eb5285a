using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Energy;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Energy;

public sealed class SourceTests : IDisposable
{
    private readonly SysfsFixture _sysfs = new();
    private readonly List<string> _hints = [];

    public void Dispose() => _sysfs.Dispose();

    [Fact]
    public void All_Names_AreUnique() =>
        Assert.Equal(EnergySources.All.Count, EnergySources.All.Select(source => source.Name).Distinct().Count());

    [Fact]
    public void Rapl_TwoPackages_AddsPackagesAndMemoryOnce()
    {
        _sysfs.AddRapl("intel-rapl:0", "package-0", 1_000_000)
            .AddRapl("intel-rapl:0:0", "core", 10).AddRapl("intel-rapl:0:1", "dram", 2_000_000)
            .AddRapl("intel-rapl:1", "package-1", 3_000_000).AddRapl("intel-rapl:1:0", "dram", 4_000_000)
            .AddRapl("intel-rapl:2", "psys", 90).AddRapl("intel-rapl-mmio:0", "package-0", 70)
            .Add("class/powercap/intel-rapl", ("enabled", 1));
        using IEnergySensor sensor = Open(new RaplSource());
        Assert.Equal(SensorKind.Counter, sensor.Kind);
        Assert.Equal("RAPL package-0 + package-1 + package-0 dram + package-1 dram", sensor.Name);
        Assert.Equal(0, sensor.Read());

        _sysfs.Set("class/powercap/intel-rapl:0", "energy_uj", 1_500_000);
        _sysfs.Set("class/powercap/intel-rapl:1", "energy_uj", 4_000_000);
        _sysfs.Set("class/powercap/intel-rapl:1:0", "energy_uj", 4_250_000);
        foreach (string counted in (string[])["intel-rapl:0:0", "intel-rapl:2", "intel-rapl-mmio:0"])
        {
            _sysfs.Set("class/powercap/" + counted, "energy_uj", 9_000_000);
        }

        Assert.Equal(1.75, sensor.Read(), 9);
    }

    [Fact]
    public void Rapl_CounterWraps_GoesOn()
    {
        _sysfs.AddRapl("intel-rapl:0", "package-0", 65_000_000_000, range: 65_532_610_987);
        using IEnergySensor sensor = Open(new RaplSource());
        _sysfs.Set("class/powercap/intel-rapl:0", "energy_uj", 65_500_000_000);
        Assert.Equal(500, sensor.Read(), 6);
        _sysfs.Set("class/powercap/intel-rapl:0", "energy_uj", 67_389_013);
        Assert.Equal(600, sensor.Read(), 6);
        _sysfs.Set("class/powercap/intel-rapl:0", "energy_uj", 67_389_013);
        Assert.Equal(600, sensor.Read(), 6);
    }

    [Fact]
    public void Rapl_WrapWithoutRange_FailsInsteadOfGuessing()
    {
        _sysfs.Add("class/powercap/intel-rapl:0", ("name", "package-0"), ("energy_uj", 5_000_000));
        using IEnergySensor sensor = Open(new RaplSource());
        _sysfs.Set("class/powercap/intel-rapl:0", "energy_uj", 1_000_000);
        Assert.Contains("max_energy_range_uj", Assert.Throws<EnergySensorException>(() => sensor.Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rapl_RootOnly_SaysWhatToDo()
    {
        _sysfs.AddRapl("intel-rapl:0", "package-0", 1);
        var tree = new SysfsTree(_sysfs.Root, path =>
            path.EndsWith("energy_uj", StringComparison.Ordinal) ? throw new UnauthorizedAccessException() : File.ReadAllText(path));
        using var meter = EnergyMeter.Detect(new EnergyOptions { Sysfs = tree });
        Assert.False(meter.HasSensor);
        Assert.StartsWith("no energy sensor (", meter.Status, StringComparison.Ordinal);
        Assert.Contains("sudo chmod a+r", meter.Status, StringComparison.Ordinal);
    }

    [Fact]
    public void Hwmon_OrinNano_TakesTheRailThatHasAll()
    {
        // As a Jetson Orin Nano shows it: in4 to in7 are shunt voltages, curr4 is a sum.
        _sysfs.Add("class/hwmon/hwmon0", ("name", "cpu_thermal"), ("temp1_input", 45000));
        _sysfs.Add(
            "class/hwmon/hwmon1", ("name", "ina3221"), ("update_interval", 8),
            ("in1_label", "VDD_IN"), ("in1_input", 4960), ("curr1_input", 1112), ("in1_enable", 1),
            ("in2_label", "VDD_CPU_GPU_CV"), ("in2_input", 4960), ("curr2_input", 200), ("in2_enable", 1),
            ("in3_label", "VDD_SOC"), ("in3_input", 4952), ("curr3_input", 296), ("in3_enable", 1),
            ("in4_input", 5), ("curr4_input", 1608), ("in5_input", 1), ("in6_input", 1), ("in7_label", "sum of shunt voltages"),
            ("in7_input", 7));
        using IEnergySensor sensor = Open(new HwmonSource());
        Assert.Equal("hwmon ina3221 VDD_IN", sensor.Name);
        Assert.Equal(SensorKind.Power, sensor.Kind);
        Assert.Equal(TimeSpan.FromMilliseconds(8), sensor.Latency);
        Assert.Equal(4.960 * 1.112, sensor.Read(), 9);
    }

    [Fact]
    public void Hwmon_AgxOrin_AddsRailsButNotTheirParts()
    {
        _sysfs.Add(
            "class/hwmon/hwmon3", ("name", "ina3221"), ("in1_label", "VDD_GPU_SOC"), ("in1_input", 19_000), ("curr1_input", 200),
            ("in2_label", "VDD_CPU_CV"), ("in2_input", 19_000), ("curr2_input", 100), ("in3_label", "VIN_SYS_5V0"), ("in3_input", 5000),
            ("curr3_input", 800));
        _sysfs.Add(
            "class/hwmon/hwmon10", ("name", "ina3221"), ("in1_label", "NC"), ("in1_input", 0), ("curr1_input", 0), ("in1_enable", 0),
            ("in2_label", "VDDQ_VDD2_1V8AO"), ("in2_input", 5000), ("curr2_input", 400), ("in3_label", "NC"), ("in3_input", 0),
            ("curr3_input", 0));
        using IEnergySensor sensor = Open(new HwmonSource());
        Assert.Equal("hwmon ina3221 VDD_GPU_SOC + VDD_CPU_CV + VIN_SYS_5V0", sensor.Name);
        Assert.Equal(3.8 + 1.9 + 4.0, sensor.Read(), 9);
    }

    [Fact]
    public void Hwmon_Ina226Boards_AddsMicrowatts()
    {
        _sysfs.Add(
            "class/hwmon/hwmon0",
            ("name", "ina226"), ("in0_input", 2), ("in1_input", 850), ("curr1_input", 900), ("power1_input", 762_500), ("label", "VCCINT"));
        _sysfs.Add("class/hwmon/hwmon1", ("name", "ina226_u79"), ("in1_input", 1200), ("curr1_input", 100), ("power1_input", 125_000));
        _sysfs.Add("class/hwmon/hwmon2", ("name", "amdgpu"), ("power1_average", 30_000_000));
        using IEnergySensor sensor = Open(new HwmonSource());
        Assert.Equal("hwmon ina226, ina226_u79 VCCINT + hwmon1/power1", sensor.Name);
        Assert.Equal(0.8875, sensor.Read(), 9);
        Assert.Equal(TimeSpan.FromMilliseconds(100), sensor.Latency);
    }

    [Fact]
    public void Hwmon_AcpiMeter_IsTheWholeSystem()
    {
        _sysfs.Add("class/hwmon/hwmon0", ("name", "power_meter"), ("power1_average", 84_000_000), ("power1_average_interval", 1000));
        using IEnergySensor sensor = Open(new HwmonSource());
        Assert.Equal("hwmon power_meter system", sensor.Name);
        Assert.Equal(84, sensor.Read(), 9);
        Assert.Equal(TimeSpan.FromSeconds(1), sensor.Latency);
    }

    [Fact]
    public void Jetson_NanoWithOldDriver_TakesTheInput()
    {
        _sysfs.Add(
            "bus/i2c/drivers/ina3221x/6-0040/iio:device0", ("rail_name_0", "POM_5V_IN"), ("in_power0_input", 2371),
            ("rail_name_1", "POM_5V_GPU"), ("in_power1_input", 40), ("rail_name_2", "POM_5V_CPU"), ("in_power2_input", 488));
        using IEnergySensor sensor = Open(new JetsonSource());
        Assert.Equal("Jetson POM_5V_IN", sensor.Name);
        Assert.Equal(2.371, sensor.Read(), 9);
    }

    [Fact]
    public void Battery_Discharging_ReadsEitherWay()
    {
        AddBattery("BAT0", "Discharging", ("power_now", 7_250_000));
        AddBattery("BAT1", "Discharging", ("voltage_now", 12_000_000), ("current_now", -250_000));
        _sysfs.Add("class/power_supply/AC", ("type", "Mains"), ("online", 0));
        _sysfs.Add(
            "class/power_supply/hidpp_battery_0",
            ("type", "Battery"), ("scope", "Device"), ("status", "Discharging"), ("power_now", 1_000_000));
        using IEnergySensor sensor = Open(new BatterySource());
        Assert.Equal("battery BAT0 + BAT1", sensor.Name);
        Assert.Equal(7.25 + 3.0, sensor.Read(), 9);

        _sysfs.Set("class/power_supply/BAT1", "status", "Charging");
        string message = Assert.Throws<EnergySensorException>(() => sensor.Read()).Message;
        Assert.Contains("BAT1 is not discharging any more", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Charging")]
    [InlineData("Full")]
    [InlineData("Not charging")]
    public void Battery_OnTheCharger_SaysWhatToDo(string status)
    {
        AddBattery("BAT0", status, ("power_now", 7_250_000));
        Assert.Null(new BatterySource().Open(new EnergyOptions { Sysfs = _sysfs.Tree }, _hints));
        Assert.Contains("unplug the charger", Assert.Single(_hints), StringComparison.Ordinal);
    }

    [Fact]
    public void Detect_SeveralSensors_TakesThemInOrder()
    {
        AddBattery("BAT0", "Discharging", ("power_now", 7_000_000));
        using (var meter = EnergyMeter.Detect(new EnergyOptions { Sysfs = _sysfs.Tree }))
        {
            Assert.Equal("battery BAT0", meter.Source);
        }

        _sysfs.AddRapl("intel-rapl:0", "package-0", 1);
        using (var meter = EnergyMeter.Detect(new EnergyOptions { Sysfs = _sysfs.Tree }))
        {
            Assert.Equal("RAPL package-0", meter.Source);
        }

        using (var meter = EnergyMeter.Detect(new EnergyOptions { Sysfs = _sysfs.Tree, Source = "battery" }))
        {
            Assert.Equal("battery BAT0", meter.Source);
        }
    }

    [Theory]
    [InlineData("class/powercap/intel-rapl:0", "energy_uj", "")]
    [InlineData("class/powercap/intel-rapl:0", "energy_uj", "many")]
    [InlineData("class/hwmon/hwmon0", "power1_input", "-")]
    [InlineData("class/power_supply/BAT0", "power_now", "99999999999999999999999")]
    public void Detect_FilesWithoutNumbers_FindsNothing(string folder, string file, string text)
    {
        string name = folder.Contains("hwmon", StringComparison.Ordinal) ? "ina226" : "package-0";
        _sysfs.Add(folder, ("name", name), ("type", "Battery"), ("status", "Discharging"), (file, text));
        using var meter = EnergyMeter.Detect(new EnergyOptions { Sysfs = _sysfs.Tree });
        Assert.False(meter.HasSensor);
    }

    private IEnergySensor Open(IEnergySource source)
    {
        IEnergySensor? sensor = source.Open(new EnergyOptions { Sysfs = _sysfs.Tree }, _hints);
        Assert.Empty(_hints);
        return sensor ?? throw new InvalidOperationException("no sensor");
    }

    private void AddBattery(string name, string status, params ReadOnlySpan<(string Name, object Text)> files)
    {
        string folder = $"class/power_supply/{name}";
        _sysfs.Add(folder, ("type", "Battery"), ("present", 1), ("status", status)).Add(folder, files);
    }
}
