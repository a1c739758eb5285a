using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeRuntime.Tests.SideCar;
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

    private string Entry => Directory.GetDirectories(Cache).Single(static path => !path.EndsWith("-tmp", StringComparison.Ordinal));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Load_AgainAndAgain_ConvertsOnce()
    {
        Start();
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(Entry, "model.onnx.data"));
        Assert.False(Converts());
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(Entry, "model.onnx.data")));
        File.SetLastWriteTimeUtc(Model, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.False(Converts()); // another time, the same content
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

        Assert.True(Converts());
        Assert.False(Converts());
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
            Assert.True(Converts());
            Assert.False(Converts());
        }

        File.Delete(Path.Combine(Entry, name));
        Assert.True(Converts());
    }

    [Fact]
    public async Task Load_AFolderDamagedAfterItWasRemembered_WritesItAnew()
    {
        Start();
        string manifest = Path.Combine(Entry, "edgert-cache.json");
        string first = File.ReadAllText(manifest);
        await Task.Delay(TimeSpan.FromSeconds(2.1), TestContext.Current.CancellationToken); // time stamps say something only then
        Assert.False(Converts());
        Assert.Equal(OperatingSystem.IsLinux(), File.ReadAllText(manifest) != first);
        Assert.False(Converts());
        string data = Path.Combine(Entry, "model.onnx.data");
        DateTime written = File.GetLastWriteTimeUtc(data);
        using (FileStream file = File.OpenWrite(data))
        {
            file.Position = file.Length / 2;
            file.Write([0x5a, 0xa5]);
        }

        File.SetLastWriteTimeUtc(data, written); // a program can set this time, but not that of the change
        Assert.True(Converts());
    }

    [Fact]
    public void Load_AfterAKilledWriter_DeletesWhatItLeft()
    {
        File.Copy(TestModels.Stories, Model);
        string left = Path.Combine(Cache, "model-onnx-cpu.0123.edgert-tmp");
        string living = Path.Combine(Cache, "model-onnx-cpu.4567.edgert-tmp");
        Directory.CreateDirectory(Path.Combine(left, "content"));
        Directory.CreateDirectory(living);
        Directory.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddHours(-1));
        Converts();
        Assert.False(Directory.Exists(left));
        Assert.True(Directory.Exists(living));
        Directory.Delete(living);
        IReadOnlyList<OnnxCacheEntry> entries = new OnnxCache(Cache).List();
        Assert.Equal(Path.GetFullPath(Model), Assert.Single(entries).ModelPath);
        new OnnxCache(Cache).Remove(entries[0]);
        Assert.Empty(new OnnxCache(Cache).List());
        Assert.Throws<ArgumentException>(() => new OnnxCache(Cache).Remove(entries[0] with { Name = ".." }));
    }

    [Fact]
    public void Load_WithoutACache_GivesTheLogitsOfTheFolder()
    {
        File.Copy(TestModels.Stories, Model);
        float[] expected = Logits(Device);
        string link = Path.Combine(_root, "link.gguf");
        File.CreateSymbolicLink(link, Model);
        Assert.Equal(expected, Logits(Device with { CacheFolder = null }));
        Assert.Equal(expected, Logits(Device with { CacheFolder = null }, link));
    }

    [Fact]
    public void Load_AModelThatTheDeviceCannotRun_FallsBackIfAsked()
    {
        File.Copy(TestModels.Stories, Model);
        var device = new OnnxDevice(OnnxProfile.Qnn) { CacheFolder = Cache };
        Assert.Throws<OnnxDeviceException>(() => LanguageModel.Load(Model, new ModelOptions { Device = device }));
        using var log = new EventRecorder();
        using var model = LanguageModel.Load(Model, new ModelOptions { Device = device with { FallsBack = true }, LoggerFactory = log });
        Assert.Equal(ProcessorInfo.GetInstructionSet(), model.InstructionSet);
        Assert.Contains("QNN", Assert.Single(log.Warnings), StringComparison.Ordinal);
        File.WriteAllBytes(Model, [1, 2, 3]);
        var options = new ModelOptions { Device = device with { FallsBack = true } };
        Assert.Throws<ModelFormatException>(() => LanguageModel.Load(Model, options));
    }

    private void Start()
    {
        File.Copy(TestModels.Stories, Model);
        Assert.True(Converts());
    }

    /// <summary>Loads the model and returns whether it was converted.</summary>
    private bool Converts()
    {
        OnnxConversion? conversion = null;
        OnnxDevice device = Device with { Converting = announced => conversion = announced };
        LanguageModel.Load(Model, new ModelOptions { Threads = 1, Device = device }).Dispose();
        Assert.Equal(conversion is null ? null : Entry, conversion?.Folder);
        return conversion is not null;
    }

    private float[] Logits(OnnxDevice device, string? path = null)
    {
        using var model = LanguageModel.Load(path ?? Model, new ModelOptions { Threads = 1, Device = device });
        using ModelSession session = model.CreateSession();
        return session.Forward([1, 403, 407, 261]).ToArray();
    }
}
