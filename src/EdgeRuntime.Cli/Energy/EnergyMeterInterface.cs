using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EdgeRuntime.Cli.Energy;

/// <summary>Reads Windows' energy meter interface: devices with channels that count picowatt-hours.</summary>
/// <remarks>Source: emi.h of the Windows SDK and its documentation.</remarks>
internal static class EnergyMeterInterface
{
    /// <summary>The number of bytes of a channel's measurement: 8 bytes of energy, then 8 bytes of time.</summary>
    public const int MeasurementBytes = 16;

    private const uint GetVersion = 0x224000;
    private const uint GetMetadataSize = 0x224004;
    private const uint GetMetadata = 0x224008;
    private const uint GetMeasurement = 0x22400C;
    private const uint GenericRead = 0x80000000;
    private const uint ShareReadWrite = 3;
    private const uint OpenExisting = 3;
    private const double JoulesPerPicowattHour = 3600e-12;

    private static readonly Guid DeviceClass = new("45BD8344-7ED6-49CF-A440-C276C933B053");

    /// <summary>Lists the paths of the present devices.</summary>
    [SupportedOSPlatform("windows")]
    public static IReadOnlyList<string> FindDevices()
    {
        Guid guid = DeviceClass;
        if (Native.CM_Get_Device_Interface_List_SizeW(out uint length, ref guid, null, 0) != 0 || length < 2)
        {
            return [];
        }

        char[] list = new char[length];
        return Native.CM_Get_Device_Interface_ListW(ref guid, null, list, length, 0) == 0
            ? new string(list).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : [];
    }

    /// <summary>Opens a device for reading.</summary>
    /// <exception cref="Win32Exception">The device cannot be opened.</exception>
    [SupportedOSPlatform("windows")]
    public static SafeFileHandle Open(string path)
    {
        SafeFileHandle handle = Native.CreateFileW(path, GenericRead, ShareReadWrite, 0, OpenExisting, 0, 0);
        return handle.IsInvalid ? throw new Win32Exception() : handle;
    }

    /// <summary>Reads the names of a device's channels.</summary>
    [SupportedOSPlatform("windows")]
    public static IReadOnlyList<string> ReadChannels(SafeFileHandle device)
    {
        int version = BinaryPrimitives.ReadUInt16LittleEndian(Ask(device, GetVersion, 2));
        int size = BinaryPrimitives.ReadInt32LittleEndian(Ask(device, GetMetadataSize, 4));
        return size is > 0 and < 1 << 20 ? ParseChannels(version, Ask(device, GetMetadata, size)) : [];
    }

    /// <summary>Reads the joules of every channel since some moment.</summary>
    [SupportedOSPlatform("windows")]
    public static double[] ReadJoules(SafeFileHandle device, int channels) =>
        ParseJoules(Ask(device, GetMeasurement, channels * MeasurementBytes));

    /// <summary>
    /// Parses the names in EMI_METADATA_V1 (one channel) or EMI_METADATA_V2. Names after an impossible length are ignored.
    /// </summary>
    public static IReadOnlyList<string> ParseChannels(int version, ReadOnlySpan<byte> metadata)
    {
        // V1: unit 4, two names of 32, revision 2, then the length of the channel's name and the name. V2: two names of 32, revision 2,
        // count 2, then for each channel its unit 4, the length of its name and the name.
        (int count, int offset) = version == 1 ? (1, 70)
            : metadata.Length >= 68 ? (BinaryPrimitives.ReadUInt16LittleEndian(metadata[66..]), 72) : (0, 0);
        var names = new List<string>();
        for (int i = 0; i < count && offset + 2 <= metadata.Length; i++)
        {
            int bytes = BinaryPrimitives.ReadUInt16LittleEndian(metadata[offset..]);
            if (offset + 2 + bytes > metadata.Length)
            {
                break;
            }

            names.Add(Encoding.Unicode.GetString(metadata.Slice(offset + 2, bytes)).TrimEnd('\0'));
            offset += 2 + bytes + 4;
        }

        return names;
    }

    /// <summary>Parses the energies in EMI_MEASUREMENT_DATA, one per channel.</summary>
    public static double[] ParseJoules(ReadOnlySpan<byte> measurements)
    {
        double[] joules = new double[measurements.Length / MeasurementBytes];
        for (int i = 0; i < joules.Length; i++)
        {
            joules[i] = BinaryPrimitives.ReadUInt64LittleEndian(measurements[(i * MeasurementBytes)..]) * JoulesPerPicowattHour;
        }

        return joules;
    }

    /// <summary>
    /// Chooses channels whose sum counts the processor exactly once: packages and memory (RAPL_Package0_PKG, RAPL_Package0_DRAM), otherwise
    /// the socket, otherwise the only channel.
    /// </summary>
    public static int[] Choose(IReadOnlyList<string> names)
    {
        int[] packages = Matching(names, name => name.EndsWith("_PKG", StringComparison.OrdinalIgnoreCase));
        if (packages.Length > 0)
        {
            return [.. packages, .. Matching(names, name => name.EndsWith("_DRAM", StringComparison.OrdinalIgnoreCase))];
        }

        int[] sockets = Matching(names, name => name.Contains("Socket Power", StringComparison.OrdinalIgnoreCase));
        return sockets.Length > 0 ? sockets : names.Count == 1 ? [0] : [];
    }

    private static int[] Matching(IReadOnlyList<string> names, Func<string, bool> condition) =>
        [.. Enumerable.Range(0, names.Count).Where(i => condition(names[i]))];

    [SupportedOSPlatform("windows")]
    private static byte[] Ask(SafeFileHandle device, uint code, int bytes)
    {
        byte[] answer = new byte[bytes];
        return Native.DeviceIoControl(device, code, 0, 0, answer, (uint)bytes, out uint length, 0) && length == bytes
            ? answer
            : throw new Win32Exception();
    }

    private static class Native
    {
        [DllImport("cfgmgr32.dll", CharSet = CharSet.Unicode, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern uint CM_Get_Device_Interface_List_SizeW(out uint length, ref Guid deviceClass, string? deviceId, uint flags);

        [DllImport("cfgmgr32.dll", CharSet = CharSet.Unicode, ExactSpelling = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern uint CM_Get_Device_Interface_ListW(
            ref Guid deviceClass, string? deviceId, [Out] char[] list, uint length, uint flags);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        public static extern SafeFileHandle CreateFileW(
            string path, uint access, uint share, nint security, uint creation, uint flags, nint template);

        [DllImport("kernel32.dll", ExactSpelling = true, SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [return: MarshalAs(UnmanagedType.Bool)]
        public static extern bool DeviceIoControl(
            SafeFileHandle device, uint code, nint input, uint inputBytes,
            [Out] byte[] output, uint outputBytes, out uint length, nint overlapped);
    }
}
