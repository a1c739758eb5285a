using System;
using System.IO;
using EdgeRuntime.Cli.Energy;
using EdgeRuntime.Cli.Tests.Support;

namespace EdgeRuntime.Cli.Tests.Energy;

/// <summary>A tree of files as Linux shows it in /sys, written for a test.</summary>
internal sealed class SysfsFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Root => _folder.Path;

    public SysfsTree Tree => new(Root);

    /// <summary>Writes files of a folder; each pair is a name and a text.</summary>
    public SysfsFixture Add(string folder, params ReadOnlySpan<(string Name, object Text)> files)
    {
        string path = Path.Combine(Root, folder);
        Directory.CreateDirectory(path);
        foreach ((string name, object text) in files)
        {
            Set(folder, name, text);
        }

        return this;
    }

    /// <summary>Writes one file; numbers and texts end with a line feed, as the kernel's do.</summary>
    public void Set(string folder, string name, object text) =>
        File.WriteAllText(Path.Combine(Root, folder, name), FormattableString.Invariant($"{text}\n"));

    public SysfsFixture AddRapl(string zone, string name, long microjoules, long range = 262_143_328_850) =>
        Add($"class/powercap/{zone}", ("name", name), ("energy_uj", microjoules), ("max_energy_range_uj", range), ("enabled", 1));

    public void Dispose() => _folder.Dispose();
}
