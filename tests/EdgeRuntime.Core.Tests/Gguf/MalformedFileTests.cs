using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Gguf;

/// <summary>The hostile files of the reference data: each has the outcome that its manifest names.</summary>
public sealed class MalformedFileTests
{
    private const long AllocationBound = 4 << 20;

    [Fact]
    public void Open_EveryHostileFile_HasTheOutcomeOfTheManifest()
    {
        string folder = SharedData.Require("conformance/malformed-gguf");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "manifest.json")));
        List<string> faults = [];
        foreach (JsonElement entry in manifest.RootElement.EnumerateArray())
        {
            string name = entry.GetProperty("file").GetString()!;
            bool refused = entry.GetProperty("expect").GetString() == "reject";
            if (Probe(Path.Combine(folder, name), refused) is { } fault)
            {
                faults.Add($"{name}: {fault}");
            }
        }

        Assert.Empty(faults);
    }

    private static string? Probe(string path, bool refused)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();
        string? fault = null;
        try
        {
            using GgufFile file = GgufFile.Open(path);
            GgufProbe.TouchAll(file);
            fault = refused ? "opened" : null;
        }
        catch (ModelFormatException error)
        {
            fault = refused ? MessageFault(error) : $"refused: {error.Message}";
            TestContext.Current.TestOutputHelper?.WriteLine(error.Message);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return fault
            ?? (allocated > AllocationBound ? $"allocated {allocated} bytes" : null)
            ?? (watch.Elapsed > TimeSpan.FromSeconds(5) ? $"took {watch.Elapsed}" : null);
    }

    /// <summary>A message is one short line of visible text that names the file, a place and an expectation.</summary>
    private static string? MessageFault(ModelFormatException error)
    {
        bool good = !error.Message.Any(char.IsControl) && error.What.Length < 400
            && error.What.Contains("found", StringComparison.Ordinal) && error.What.Contains("expected", StringComparison.Ordinal)
            && error.Offset >= 0 && error.Message.StartsWith(error.Path, StringComparison.Ordinal);
        return good ? null : $"unclear message: {error.Message}";
    }
}
