using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace EdgeRuntime.Threading;

/// <summary>Gets the name of the processor.</summary>
internal static class ProcessorName
{
    private const string DeviceTree = "/proc/device-tree/model";

    /// <summary>
    /// Gets the brand string with family and model, which distinguish virtual processors. On Arm under Linux it is the name of the board,
    /// elsewhere the architecture.
    /// </summary>
    public static string Current { get; } = X86Base.IsSupported ? ReadBrandString() : ReadBoard();

    private static string ReadBoard()
    {
        string architecture = RuntimeInformation.ProcessArchitecture.ToString();
        try
        {
            return File.Exists(DeviceTree) ? $"{File.ReadAllText(DeviceTree).TrimEnd('\0', '\n')} ({architecture})" : architecture;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return architecture;
        }
    }

    /// <summary>Reads CPUID leaves 0x80000002 to 0x80000004: 48 characters of text.</summary>
    private static string ReadBrandString()
    {
        var brand = new StringBuilder();
        if ((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= 0x80000004)
        {
            for (int leaf = unchecked((int)0x80000002); leaf <= unchecked((int)0x80000004); leaf++)
            {
                (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(leaf, 0);
                foreach (int word in (ReadOnlySpan<int>)[eax, ebx, ecx, edx])
                {
                    brand.Append(Encoding.ASCII.GetString(BitConverter.GetBytes(word)));
                }
            }
        }

        int signature = X86Base.CpuId(1, 0).Eax;
        int family = ((signature >> 8) & 0xF) + ((signature >> 20) & 0xFF);
        int model = ((signature >> 4) & 0xF) | ((signature >> 12) & 0xF0);
        string name = string.Join(' ', brand.ToString().Split([' ', '\0'], StringSplitOptions.RemoveEmptyEntries));
        return FormattableString.Invariant($"{name} (family {family}, model {model})");
    }
}
