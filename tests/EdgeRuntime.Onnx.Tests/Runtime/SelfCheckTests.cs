using System;
using System.IO;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Onnx.Cache;
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

    [Fact]
    public void Compare_WithAnEngineThatIsWrongForLongPrompts_Throws()
    {
        using LanguageModel model = LanguageModel.Load(TestModels.Stories, new ModelOptions { Exact = true, Threads = 1 });
        using var wrong = new WrongForLongPrompts(model.Engine);
        Assert.Throws<OnnxDeviceException>(
            () => SelfCheck.Compare(wrong, model.Engine, "test", TestModels.Stories, 1e-3, CancellationToken.None));
    }

    [Fact]
    public void Load_OfASplitModel_ChecksOnceForEachConversion()
    {
        OnnxDevice device = OnnxDevice.Cpu() with { CacheFolder = Path.Combine(_folder, "cache"), IsSplit = true };
        var options = new ModelOptions { Exact = true, Threads = 1 };
        LanguageModel.Load(TestModels.Stories, options with { Device = device with { IsSplit = false } }).Dispose();
        string manifest = Directory.GetFiles(device.CacheFolder, CacheManifest.FileName, SearchOption.AllDirectories)[0];
        string folder = Path.GetDirectoryName(manifest)!;
        Assert.False(CacheManifest.Read(folder).IsSplitChecked);

        LanguageModel.Load(TestModels.Stories, options with { Device = device }).Dispose();
        Assert.True(CacheManifest.Read(folder).IsSplitChecked);
        DateTime written = File.GetLastWriteTimeUtc(manifest);
        LanguageModel.Load(TestModels.Stories, options with { Device = device }).Dispose();
        Assert.Equal(written, File.GetLastWriteTimeUtc(manifest));
    }

    private static double Check(string folder)
    {
        OnnxLibrary.Load();
        using var engine = new OnnxEngine(OnnxSession.Open(folder, new SessionSettings(OnnxProfile.CpuExact, Threads: 1)), 0);
        var options = new ModelOptions { Exact = true, Threads = 1 };
        return SelfCheck.Run(engine, TestModels.Stories, OnnxProfile.CpuExact, options, CancellationToken.None);
    }

    /// <summary>Adds to the first logit where a slice has 32 tokens or more.</summary>
    private sealed class WrongForLongPrompts(IEngine engine) : IEngine
    {
        public string Name => engine.Name;

        public int Threads => engine.Threads;

        public long WeightBytes => engine.WeightBytes;

        public int VocabularySize => engine.VocabularySize;

        public EmbeddingSpec Embedding => engine.Embedding;

        public int HiddenSize => engine.HiddenSize;

        public int ContextLength => engine.ContextLength;

        public IEngineState CreateState(EngineStateOptions options) => engine.CreateState(options);

        public void Run(ReadOnlySpan<BatchSlice> batch, CancellationToken cancellationToken = default)
        {
            engine.Run(batch, cancellationToken);
            foreach (BatchSlice slice in batch)
            {
                if (slice.Tokens.Length >= 32)
                {
                    slice.Output.Span[0] += 10;
                }
            }
        }

        public void Prepare(CancellationToken cancellationToken = default) => engine.Prepare(cancellationToken);

        public void Dispose()
        {
        }
    }
}
