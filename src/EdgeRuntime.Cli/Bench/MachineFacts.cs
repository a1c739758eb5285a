using System;
using System.Runtime.InteropServices;

namespace EdgeRuntime.Cli.Bench;

/// <summary>The machine that a measurement ran on.</summary>
internal sealed record MachineFacts(string Processor, int Processors, string System, string Runtime)
{
    /// <summary>Formats the facts as one line.</summary>
    public string Summary => $"{Processor}, {Processors} processors, {System}, {Runtime}";

    public static MachineFacts Read() => new(
        ProcessorInfo.Name, Environment.ProcessorCount, $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
        RuntimeInformation.FrameworkDescription);
}
