using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Onnx.Tests.Cache;

/// <summary>A converted model is used only if it is what its manifest says and was made of the present model.</summary>
public sealed class CachedFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;

    private string Model => Path.Combine(_root, "model.gguf");

    private string Cache => Path.Combine(_root, "cache");

    private OnnxDevice Device => OnnxDevice.Cpu() with { CacheFolder = Cache };

    private string Entry => Directory.GetDirectories(Cache).Single();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Load_AgainAndAgain_ConvertsOnce()
    {
        Start();
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(Entry, "model.onnx.data"));
        Assert.False(WouldConvert);
        Load();
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(Entry, "model.onnx.data")));
        File.SetLastWriteTimeUtc(Model, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.False(WouldConvert); // another time, the same content
    }

    [Fact]
    public void Load_AModelThatHasChanged_ConvertsItAgain()
    {
        Start();
        using (FileStream model = File.OpenWrite(Model))
        {
            model.Position = model.Length - 2;
            model.WriteByte(0);
        }

        Assert.True(WouldConvert);
        Load();
        Assert.False(WouldConvert);
    }

    [Theory]
    [InlineData("edgert-cache.json")]
    [InlineData("engine.onnx")]
    [InlineData("model.onnx.data")]
    public void Load_ADamagedFolder_WritesItAnew(string name)
    {
        Start();
        byte[] good = File.ReadAllBytes(Path.Combine(Entry, name));
        foreach (byte[] bad in (byte[][])[[], good[..^1], [.. good[..^9], (byte)(good[^9] ^ 1), .. good[^8..]]])
        {
            File.WriteAllBytes(Path.Combine(Entry, name), bad);
            Assert.True(WouldConvert);
            Load();
            Assert.False(WouldConvert);
        }

        File.Delete(Path.Combine(Entry, name));
        Assert.True(WouldConvert);
    }

    [Fact]
    public void Load_AfterAKilledWriter_DeletesWhatItLeft()
    {
        File.Copy(TestModels.Stories, Model);
        string left = Path.Combine(Cache, "model-onnx-cpu.0123.edgert-tmp");
        Directory.CreateDirectory(Path.Combine(left, "content"));
        Load();
        Assert.False(Directory.Exists(left));
        IReadOnlyList<OnnxCacheEntry> entries = new OnnxCache(Cache).List();
        Assert.Equal(Path.GetFullPath(Model), Assert.Single(entries).ModelPath);
        new OnnxCache(Cache).Remove(entries[0]);
        Assert.Empty(new OnnxCache(Cache).List());
        Assert.Throws<ArgumentException>(() => new OnnxCache(Cache).Remove(entries[0] with { Name = ".." }));
    }

    private bool WouldConvert => Device.PlanConversion(Model, new ModelOptions()) is not null;

    private void Start()
    {
        File.Copy(TestModels.Stories, Model);
        Assert.True(WouldConvert);
        Load();
    }

    private void Load() => LanguageModel.Load(Model, new ModelOptions { Threads = 1, Device = Device }).Dispose();
}
