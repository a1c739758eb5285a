using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace EdgeRuntime.Cli.Bench;

/// <summary>The machine that a measurement ran on, as far as it tells its name.</summary>
internal sealed record MachineFacts(string Processor, int Processors, string System, string Runtime)
{
    public static MachineFacts Read() => new(
        ReadProcessor(), Environment.ProcessorCount, $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        RuntimeInformation.FrameworkDescription);

    private static string ReadProcessor()
    {
        if (X86Base.IsSupported)
        {
            return ReadBrandString();
        }

        // Arm has no name in a register; Linux tells a few boards' in the device tree.
        const string DeviceTree = "/proc/device-tree/model";
        return File.Exists(DeviceTree) ? File.ReadAllText(DeviceTree).TrimEnd('\0', '\n') : RuntimeInformation.ProcessArchitecture.ToString();
    }

    /// <summary>CPUID leaves 0x80000002 to 0x80000004 are 48 characters of text; family and model tell virtual processors apart.</summary>
    private static string ReadBrandString()
    {
        var brand = new StringBuilder();
        for (int leaf = unchecked((int)0x80000002); leaf <= unchecked((int)0x80000004); leaf++)
        {
            (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(leaf, 0);
            foreach (int word in (int[])[eax, ebx, ecx, edx])
            {
                brand.Append(Encoding.ASCII.GetString(BitConverter.GetBytes(word)));
            }
        }

        int signature = X86Base.CpuId(1, 0).Eax;
        int family = ((signature >> 8) & 0xF) + ((signature >> 20) & 0xFF);
        int model = ((signature >> 4) & 0xF) | ((signature >> 12) & 0xF0);
        string name = string.Join(' ', brand.ToString().Split((char[])[' ', '\0'], StringSplitOptions.RemoveEmptyEntries).Select(word => word));
        return FormattableString.Invariant($"{name} (family {family}, model {model})");
    }
}
