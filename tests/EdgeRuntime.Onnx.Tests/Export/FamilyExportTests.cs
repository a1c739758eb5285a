using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Onnx.Tests.Support;
using EdgeRuntime.Tests.Models;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Export;

/// <summary>Exported models of every family give the logits of the processor's engine, or are refused by name.</summary>
public sealed class FamilyExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Probe()
    {
        List<string> lines = [];
        string? only = Environment.GetEnvironmentVariable("ONLY");
        foreach (string name in RandomModels.Names().Where(name => only is null || System.Text.RegularExpressions.Regex.IsMatch(name, only)))
        {
            string line;
            try
            {
                line = $"{Compare(name):e1}";
            }
            catch (Exception error)
            {
                line = error.GetType().Name + " " + error.Message.ReplaceLineEndings(" ");
                line = line.Length > 700 ? line[..700] : line;
            }

            lines.Add($"{name}: {line}");
        }

        File.WriteAllLines("/tmp/onnx-families.txt", lines);
    }

    private double Compare(string name)
    {
        string path = RandomModels.PathOf(name);
        LogitsFile reference = LogitsFile.Read(RandomModels.LogitsOf(name));
        string folder = Path.Combine(_folder, name);
        OnnxExporter.Export(path, folder, OnnxProfile.CpuExact);
        using var runner = new OnnxRunner(folder, reference.Tokens.Length + 3);
        float[] whole = runner.Run(reference.Tokens, 0);
        double first = reference.NormalizedError(whole);

        // Then the prompt in pieces, the last ones alone.
        List<float> parts = [];
        for (int at = 0; at < reference.Tokens.Length;)
        {
            int count = at == 0 ? Math.Min(13, reference.Tokens.Length) : 1;
            parts.AddRange(runner.Run(reference.Tokens.AsSpan(at, count), at));
            at += count;
        }

        return Math.Max(first, reference.NormalizedError(parts.ToArray()));
    }
}
