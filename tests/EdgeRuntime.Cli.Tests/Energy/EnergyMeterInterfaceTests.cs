using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using EdgeRuntime.Cli.Energy;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Energy;

public sealed class EnergyMeterInterfaceTests
{
    [Fact]
    public void ParseChannels_VersionTwo_GivesAllNames() => Assert.Equal(
        ["RAPL_Package0_PKG", "RAPL_Package0_PP0", "RAPL_Package0_DRAM"],
        EnergyMeterInterface.ParseChannels(2, MetadataV2("RAPL_Package0_PKG", "RAPL_Package0_PP0", "RAPL_Package0_DRAM")));

    [Fact]
    public void ParseChannels_VersionOne_GivesTheOneName()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(0);
        writer.Write(new byte[64]);
        writer.Write((ushort)1);
        WriteName(writer, "Battery rail");
        Assert.Equal(["Battery rail"], EnergyMeterInterface.ParseChannels(1, stream.ToArray()));
    }

    [Fact]
    public void ParseChannels_EveryTruncation_IsSafe()
    {
        byte[] whole = MetadataV2("A_PKG", "B_PKG");
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.True(EnergyMeterInterface.ParseChannels(2, whole.AsSpan(0, length)).Count < 2);
            EnergyMeterInterface.ParseChannels(1, whole.AsSpan(0, length));
        }
    }

    [Fact]
    public void ParseJoules_PicowattHours_AreConverted()
    {
        byte[] bytes = new byte[32];
        BitConverter.TryWriteBytes(bytes, 1_000_000_000_000UL);
        BitConverter.TryWriteBytes(bytes.AsSpan(16), 500_000_000UL);
        Assert.Equal([3600, 1.8], EnergyMeterInterface.ParseJoules(bytes));
    }

    public static IEnumerable<TheoryDataRow<string[], int[]>> Choices() =>
    [
        new(["RAPL_Package0_PKG", "RAPL_Package0_PP0", "RAPL_Package0_PP1", "RAPL_Package0_DRAM"], [0, 3]),
        new(["VDDCR_VDD Power", "VDDCR_SOC Power", "Current Socket Power", "Apu Power"], [2]),
        new(["System"], [0]),
        new(["GPU", "Display"], []),
    ];

    [Theory]
    [MemberData(nameof(Choices))]
    public void Choose_Channels_CountsTheProcessorOnce(string[] names, int[] expected) =>
        Assert.Equal(expected, EnergyMeterInterface.Choose(names));

    private static byte[] MetadataV2(params string[] names)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(new byte[64]);
        writer.Write((ushort)1);
        writer.Write((ushort)names.Length);
        foreach (string name in names)
        {
            writer.Write(0);
            WriteName(writer, name);
        }

        return stream.ToArray();
    }

    private static void WriteName(BinaryWriter writer, string name)
    {
        byte[] text = Encoding.Unicode.GetBytes(name + '\0');
        writer.Write((ushort)text.Length);
        writer.Write(text);
    }
}
