using System;
using System.IO;
using System.Threading;
using EdgeRuntime.Onnx.Runtime;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Runtime;

/// <summary>A device that computes wrong numbers is found out after the conversion.</summary>
public sealed class SelfCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Run_OnWrongWeights_Throws()
    {
        string model = Path.Combine(_folder, "model");
        OnnxExporter.Export(TestModels.Stories, model, OnnxProfile.CpuExact);
        Assert.InRange(Check(model), 0, 1e-5);
        using (FileStream data = File.OpenWrite(Path.Combine(model, "model.onnx.data")))
        {
            data.Position = data.Length / 2;
            data.Write(new byte[data.Length / 4]);
        }

        string message = Assert.Throws<OnnxDeviceException>(() => Check(model)).Message;
        Assert.Contains("computes wrong logits", message, StringComparison.Ordinal);
    }

    private static double Check(string folder)
    {
        OnnxLibrary.Load();
        using var engine = new OnnxEngine(OnnxSession.Open(folder, new SessionSettings(OnnxProfile.CpuExact, Threads: 1)), 0);
        var options = new ModelOptions { Exact = true, Threads = 1 };
        return SelfCheck.Run(engine, TestModels.Stories, OnnxProfile.CpuExact, options, CancellationToken.None);
    }
}
