using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Cli.Energy;

/// <summary>
/// Reads the processor's energy counters on Windows if firmware or a driver provides the energy meter interface (on most devices since
/// Windows 11).
/// </summary>
internal sealed class WindowsEnergyMeterSource : IEnergySource
{
    public string Name => "emi";

    public IEnergySensor? Open(EnergyOptions options, ICollection<string> hints) =>
        OperatingSystem.IsWindows() ? OpenDevices(hints) : null;

    [SupportedOSPlatform("windows")]
    private static Sensor? OpenDevices(ICollection<string> hints)
    {
        var devices = new List<Device>();
        foreach (string path in EnergyMeterInterface.FindDevices())
        {
            try
            {
                SafeFileHandle handle = EnergyMeterInterface.Open(path);
                IReadOnlyList<string> names = EnergyMeterInterface.ReadChannels(handle);
                int[] chosen = EnergyMeterInterface.Choose(names);
                if (chosen.Length > 0)
                {
                    devices.Add(new Device(handle, names, chosen));
                }
                else
                {
                    handle.Dispose();
                }
            }
            catch (Win32Exception exception)
            {
                hints.Add($"an energy meter can't be read: {exception.Message}");
            }
        }

        return devices.Count > 0 ? new Sensor(devices) : null;
    }

    private sealed record Device(SafeFileHandle Handle, IReadOnlyList<string> Names, int[] Chosen);

    [SupportedOSPlatform("windows")]
    private sealed class Sensor(IReadOnlyList<Device> devices) : IEnergySensor
    {
        public string Name { get; } = "EMI " + string.Join(" + ", devices.SelectMany(device => device.Chosen.Select(i => device.Names[i])));

        public SensorKind Kind => SensorKind.Counter;

        public TimeSpan Latency => TimeSpan.FromMilliseconds(100);

        public double Read()
        {
            double sum = 0;
            foreach (Device device in devices)
            {
                try
                {
                    double[] joules = EnergyMeterInterface.ReadJoules(device.Handle, device.Names.Count);
                    sum += device.Chosen.Sum(i => joules[i]);
                }
                catch (Win32Exception exception)
                {
                    throw new EnergySensorException($"{Name}: {exception.Message}", exception);
                }
            }

            return sum;
        }

        public void Dispose()
        {
            foreach (Device device in devices)
            {
                device.Handle.Dispose();
            }
        }
    }
}
