using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Tests.Models;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.SideCar;

/// <summary>A model with a side-car computes what it computes without, whatever has happened to the side-car or to the model.</summary>
public sealed class PackedSideCarTests : IDisposable
{
    private static readonly int[] Tokens = [1, 400, 30, 31, 32, 7];

    private readonly string _root = Directory.CreateTempSubdirectory("edgert-side-car-").FullName;

    private string Cache => Path.Combine(_root, "cache");

    private string SideCar => Assert.Single(Directory.GetFiles(Cache));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("models/stories260K.gguf")]
    [InlineData("small-models/tiny-novel-Q4_K_M.gguf")]
    [InlineData("small-models/tiny-novel-F16.gguf")]
    [InlineData("conformance/split/stories260K-00001-of-00003.gguf")]
    public void Load_TheSecondTime_MapsAndGivesTheSameLogits(string name)
    {
        string path = SharedData.Require(name);
        float[] expected = Logits(path, new ModelOptions());
        Assert.Equal(expected, Logits(path, Cache, "Written"));
        Assert.Equal(expected, Logits(path, Cache, "Mapped"));
    }

    [Fact]
    public void Load_WithEveryInstructionSet_ReadsTheSameSideCar()
    {
        Logits(TestModels.Stories, Cache, "Written");
        foreach (var set in Kernels.InstructionSet.All.Where(set => set.IsSupported))
        {
            Assert.Equal(
                Logits(TestModels.Stories, new ModelOptions { InstructionSet = set.Name }),
                Logits(TestModels.Stories, new ModelOptions { InstructionSet = set.Name, PackedCache = Cache }, "Mapped"));
        }
    }

    /// <summary>Places in the prefix and, by share, in the table and the panels.</summary>
    [Theory]
    [InlineData(0, 0)] // magic
    [InlineData(8, 0)] // version of the layout
    [InlineData(10, 0)] // version of the header
    [InlineData(12, 0)] // length of the header
    [InlineData(15, 0)]
    [InlineData(16, 0)] // checksum of the header
    [InlineData(24, 0)] // hash of the model
    [InlineData(32, 0)] // number of parts
    [InlineData(60, 0)] // identity of a part
    [InlineData(76, 0)] // number of matrices
    [InlineData(0, 0.001)]
    [InlineData(0, 0.1)]
    [InlineData(0, 0.5)]
    [InlineData(-1, 1)]
    public void Load_OfADamagedSideCar_BuildsItAnew(int offset, double share)
    {
        Logits(TestModels.Stories, Cache, "Written");
        byte[] good = File.ReadAllBytes(SideCar);
        byte[] bad = [.. good];
        bad[offset + (int)(share * good.Length)] ^= 0x10;
        File.WriteAllBytes(SideCar, bad);
        Assert.Equal(Logits(TestModels.Stories, new ModelOptions()), Logits(TestModels.Stories, Cache, "NotUsed", "Written"));
        Assert.Equal(good, File.ReadAllBytes(SideCar));
        Logits(TestModels.Stories, Cache, "Mapped");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(64)]
    [InlineData(3000)]
    [InlineData(-1)]
    public void Load_OfATruncatedSideCar_BuildsItAnew(int length)
    {
        Logits(TestModels.Stories, Cache, "Written");
        byte[] good = File.ReadAllBytes(SideCar);
        File.WriteAllBytes(SideCar, good[..(length < 0 ? good.Length + length : length)]);
        Assert.Equal(Logits(TestModels.Stories, new ModelOptions()), Logits(TestModels.Stories, Cache, "NotUsed", "Written"));
        Assert.Equal(good, File.ReadAllBytes(SideCar));
    }

    [Fact]
    public void Load_OfASideCarWithMoreAtItsEnd_BuildsItAnew()
    {
        Logits(TestModels.Stories, Cache, "Written");
        File.AppendAllText(SideCar, "more");
        Logits(TestModels.Stories, Cache, "NotUsed", "Written");
    }

    [Fact]
    public void Load_OfAModelThatWasOnlyTouched_Maps()
    {
        string model = CopyOfStories();
        Logits(model, Cache, "Written");
        File.SetLastWriteTimeUtc(model, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Logits(model, Cache, "Mapped");
    }

    [Fact]
    public void Load_OfAModelOfAnotherLength_BuildsTheSideCarAnew()
    {
        string model = CopyOfStories();
        Logits(model, Cache, "Written");
        File.AppendAllText(model, new string('\0', 32));
        Logits(model, Cache, "NotUsed", "Written");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_OfAModelWithOneOtherWeight_BuildsTheSideCarAnew(bool settled)
    {
        string model = CopyOfStories();
        if (settled)
        {
            Thread.Sleep(2200); // now the system's times of the file are believed
        }

        float[] before = Logits(model, Cache, "Written");
        DateTime written = File.GetLastWriteTimeUtc(model);
        byte[] bytes = File.ReadAllBytes(model);
        bytes[^2] ^= 0x40; // an exponent
        using (FileStream stream = File.OpenWrite(model))
        {
            stream.Write(bytes); // the same file, in place
        }

        File.SetLastWriteTimeUtc(model, written);
        float[] after = Logits(model, Cache, "NotUsed", "Written");
        Assert.NotEqual(before, after);
        Assert.Equal(Logits(model, new ModelOptions()), after);
    }

    [Fact]
    public void Load_WhereNoFolderCanBe_WarnsOnceAndRuns()
    {
        string file = Path.Combine(_root, "a-file");
        File.WriteAllText(file, "");
        AssertNotWritten(Path.Combine(file, "cache"));
    }

    [Fact]
    public void Load_WhereTheFolderIsReadOnly_WarnsOnceAndRuns()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Skip("this user may write everywhere");
            return;
        }

        Directory.CreateDirectory(Cache);
        File.SetUnixFileMode(Cache, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        AssertNotWritten(Cache);
        File.SetUnixFileMode(Cache, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void Load_WhereTheDiskIsFull_WarnsOnceRunsAndLeavesNothing()
    {
        using var disk = new SmallDisk(kilobytes: 64);
        AssertNotWritten(disk.Path);
        Assert.Empty(Directory.GetFiles(disk.Path));
    }

    [Fact]
    public void Load_WhereTheSideCarIsAPipe_MakesItAnew()
    {
        Logits(TestModels.Stories, Cache, "Written");
        string path = SideCar;
        File.Delete(path);
        Unix.MakePipe(path);
        Assert.Equal(Logits(TestModels.Stories, new ModelOptions()), Logits(TestModels.Stories, Cache, "NotUsed", "Written"));
        Logits(TestModels.Stories, Cache, "Mapped");
    }

    [Fact]
    public void Load_ByFourAtOnce_LeavesOneGoodSideCar()
    {
        float[] expected = Logits(TestModels.Stories, new ModelOptions());
        float[][] logits = new float[4][];
        Parallel.For(0, logits.Length, i => logits[i] = Run(TestModels.Stories, new ModelOptions { PackedCache = Cache }, out _));
        Assert.All(logits, actual => Assert.Equal(expected, actual));
        Assert.EndsWith(".packed", SideCar, StringComparison.Ordinal);
        Assert.Equal(expected, Logits(TestModels.Stories, Cache, "Mapped"));
    }

    [Fact]
    public void Load_ByEightAtOnce_NoneWarns()
    {
        for (int round = 0; round < 8; round++)
        {
            var events = new EventRecorder[8];
            Parallel.For(0, events.Length, new ParallelOptions { MaxDegreeOfParallelism = events.Length },
                i => Run(
                    TestModels.Stories, new ModelOptions { PackedCache = Path.Combine(Cache, $"{round}"), Threads = 1 }, out events[i]));
            Assert.All(events, recorder => Assert.Empty(recorder.Warnings));
            Assert.Single(Directory.GetFiles(Path.Combine(Cache, $"{round}")));
        }
    }

    [Fact]
    public void Load_AfterAProcessEndedWhileWriting_TakesItsRemainsAway()
    {
        Logits(TestModels.Stories, Cache, "Written");
        string remains = SideCar + ".0123456789abcdef.edgert-tmp";
        File.Move(SideCar, remains);
        Logits(TestModels.Stories, Cache, "Written");
        Assert.NotEqual(remains, SideCar);
    }

    [Fact]
    public void Load_Cancelled_LeavesNothingBehind()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(
            () => LanguageModel.Load(TestModels.Stories, new ModelOptions { PackedCache = Cache }, null, cancelled.Token));
        Assert.False(Directory.Exists(Cache) && Directory.EnumerateFiles(Cache).Any());
    }

    [Fact]
    public void Load_Exact_KeepsNoSideCar()
    {
        Logits(TestModels.Stories, new ModelOptions { Exact = true, PackedCache = Cache });
        Assert.False(Directory.Exists(Cache));
    }

    private static void AssertNotWritten(string cache)
    {
        float[] logits = Run(TestModels.Stories, new ModelOptions { PackedCache = cache }, out EventRecorder events);
        Assert.Equal(Logits(TestModels.Stories, new ModelOptions()), logits);
        Assert.Equal(["NotWritten"], events.SideCarEvents);
        Assert.DoesNotContain('\n', Assert.Single(events.Warnings));
    }

    private static float[] Logits(string path, string? cache, params string[] events) =>
        Logits(path, new ModelOptions { PackedCache = cache }, events);

    private static float[] Logits(string path, ModelOptions options, params string[] events)
    {
        float[] logits = Run(path, options, out EventRecorder recorder);
        Assert.Equal(events, recorder.SideCarEvents);
        return logits;
    }

    private static float[] Run(string path, ModelOptions options, out EventRecorder events)
    {
        events = new EventRecorder();
        using var model = LanguageModel.Load(path, options with { LoggerFactory = events });
        return ModelRunner.Logits(model, Tokens, Tokens.Length);
    }

    private string CopyOfStories()
    {
        string copy = Path.Combine(_root, "model.gguf");
        File.Copy(TestModels.Stories, copy);
        return copy;
    }
}
