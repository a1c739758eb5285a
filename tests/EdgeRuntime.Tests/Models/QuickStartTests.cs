using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>A model whose weights are packed while it computes gives what it gives when they are packed at load.</summary>
public sealed class QuickStartTests : IDisposable
{
    private static readonly ModelOptions Quick = new() { QuickStart = true, QuickStartBytes = 0 };
    private static readonly int[] Tokens = [1, 400, 30, 31, 32, 7, 90, 301, 5, 44, 45, 46];

    private readonly string _root = Directory.CreateTempSubdirectory("edgert-quick-start-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Chunks of 1 and of 5 tokens come to the third pass, one of 12 is a single pass.</summary>
    [Theory]
    [InlineData("models/stories260K.gguf", 1)]
    [InlineData("models/stories260K.gguf", 5)]
    [InlineData("models/stories260K.gguf", 12)]
    [InlineData("small-models/tiny-novel-Q4_K_M.gguf", 1)]
    [InlineData("small-models/tiny-novel-Q4_K_M.gguf", 5)]
    [InlineData("small-models/tiny-novel-IQ1_S.gguf", 5)]
    [InlineData("small-models/tiny-novel-F16.gguf", 1)]
    [InlineData("small-models/tiny-novel-F16.gguf", 5)]
    [InlineData("conformance/split/stories260K-00001-of-00003.gguf", 5)]
    public void Forward_InEveryPass_GivesTheSameLogits(string name, int chunk)
    {
        string path = SharedData.Require(name);
        foreach (var set in Kernels.InstructionSet.All.Where(set => set.IsSupported))
        {
            using var packed = LanguageModel.Load(path, new ModelOptions { InstructionSet = set.Name });
            using var quick = LanguageModel.Load(path, Quick with { InstructionSet = set.Name });
            Assert.Equal(ModelRunner.Logits(packed, Tokens, chunk), ModelRunner.Logits(quick, Tokens, chunk));
        }
    }

    [Fact]
    public void Forward_WithoutLogitsAtFirst_GivesTheSameLogits()
    {
        var options = new SessionOptions { BatchTokens = 2 };
        using var packed = LanguageModel.Load(TestModels.Stories);
        using var quick = LanguageModel.Load(TestModels.Stories, Quick);
        using ModelSession expected = packed.CreateSession(options);
        using ModelSession actual = quick.CreateSession(options);
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(expected.Forward(Tokens).ToArray(), actual.Forward(Tokens).ToArray());
        }
    }

    [Fact]
    public void Forward_AfterTwoPasses_DoesNotNeedTheFile()
    {
        string path = CopyOfStories();
        using var model = LanguageModel.Load(path, Quick);
        using ModelSession session = model.CreateSession();
        session.Forward(Tokens);
        session.Forward(Tokens);
        Shorten(path);
        session.Truncate(0);
        Assert.Equal(First(new ModelOptions()), FirstOf(session));
    }

    [Fact]
    public void PackWeights_BeforeTheFirstPass_MakesTheFileUnneeded()
    {
        string path = CopyOfStories();
        using var model = LanguageModel.Load(path, Quick);
        model.PackWeights();
        model.PackWeights();
        Shorten(path);
        using ModelSession session = model.CreateSession();
        Assert.Equal(First(new ModelOptions()), FirstOf(session));
    }

    [Fact]
    public async Task PackWeights_BesideSessions_ChangesNothingForThem()
    {
        using var packed = LanguageModel.Load(TestModels.Stories);
        float[] expected = ModelRunner.Logits(packed, Tokens, 1);
        for (int round = 0; round < 20; round++)
        {
            using var model = LanguageModel.Load(TestModels.Stories, Quick);
            Task packing = Task.WhenAll(Task.Run(() => model.PackWeights()), Task.Run(() => model.PackWeights()));
            float[][] logits = new float[2][];
            Parallel.For(0, logits.Length, i => logits[i] = ModelRunner.Logits(model, Tokens, 1));
            await packing;
            Assert.All(logits, actual => Assert.Equal(expected, actual));
        }
    }

    [Fact]
    public void PackWeights_Cancelled_LeavesThePassesToIt()
    {
        using var model = LanguageModel.Load(TestModels.Stories, Quick);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => model.PackWeights(cancelled.Token));
        using var packed = LanguageModel.Load(TestModels.Stories);
        Assert.Equal(ModelRunner.Logits(packed, Tokens, 1), ModelRunner.Logits(model, Tokens, 1));
    }

    /// <summary>Layers before the bad one are read, then packed, while passes fail; the bad one and those behind it are not.</summary>
    [Fact]
    public void Forward_AfterPassesThatFailed_DoesNotTakeHalfReadMatricesForPacked()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody write to a mapped file");
        string path = CopyOfStories();
        using var model = LanguageModel.Load(path, Quick);
        using ModelSession session = model.CreateSession();
        byte[] good = OverwriteWeight(path, BitConverter.GetBytes(float.NaN));
        for (int pass = 0; pass < 3; pass++)
        {
            Assert.Throws<ModelFormatException>(() => session.Forward(Tokens).Length);
        }

        OverwriteWeight(path, good);
        float[] expected = First(new ModelOptions());
        for (int pass = 0; pass < 3; pass++)
        {
            Assert.Equal(expected, FirstOf(session));
            session.Truncate(0);
        }
    }

    [Fact]
    public void Load_ExactOrWithASideCar_PacksAtOnce()
    {
        foreach (ModelOptions options in
            (ModelOptions[])[Quick with { Exact = true }, Quick with { PackedCache = Path.Combine(_root, "cache") }])
        {
            string path = CopyOfStories();
            using var model = LanguageModel.Load(path, options);
            Shorten(path);
            using ModelSession session = model.CreateSession();
            Assert.Equal(First(options with { QuickStart = false, PackedCache = null }), FirstOf(session));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Forward_OfAFileThatBecameShorter_IsAnError(int passesBefore)
    {
        string path = CopyOfStories();
        using var model = LanguageModel.Load(path, Quick);
        using ModelSession session = model.CreateSession();
        for (int pass = 0; pass < passesBefore; pass++)
        {
            session.Forward([1]);
        }

        Shorten(path);
        Assert.Contains("became shorter", Assert.Throws<IOException>(() => session.Forward([1]).Length).Message, StringComparison.Ordinal);
        Assert.Equal(passesBefore, session.Length);
    }

    [Fact]
    public void Forward_OfAWeightThatIsNotFinite_IsRefusedAsLoadingRefusesIt()
    {
        string path = CopyOfStories();
        OverwriteWeight(path, BitConverter.GetBytes(float.NaN));
        string expected = Assert.Throws<ModelFormatException>(() => LanguageModel.Load(path).Dispose()).Message;
        using var model = LanguageModel.Load(path, Quick);
        using ModelSession session = model.CreateSession();
        Assert.Equal(expected, Assert.Throws<ModelFormatException>(() => session.Forward([1]).Length).Message);
        Assert.Equal(expected, Assert.Throws<ModelFormatException>(() => model.PackWeights()).Message);
    }

    [Fact]
    public void Load_OfASmallModel_PacksItAtOnce()
    {
        string path = CopyOfStories();
        using var model = LanguageModel.Load(path, new ModelOptions { QuickStart = true });
        Shorten(path);
        using ModelSession session = model.CreateSession();
        Assert.Equal(First(new ModelOptions()), FirstOf(session));
    }

    private static float[] First(ModelOptions options)
    {
        using var model = LanguageModel.Load(TestModels.Stories, options);
        using ModelSession session = model.CreateSession();
        return FirstOf(session);
    }

    private static float[] FirstOf(ModelSession session) => session.Forward(Tokens).ToArray();

    private string CopyOfStories()
    {
        string copy = Path.Combine(_root, "model.gguf");
        File.Copy(TestModels.Stories, copy, overwrite: true);
        return copy;
    }

    /// <summary>Keeps the embedding, which every pass reads, and nothing of the matrices.</summary>
    private static void Shorten(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps a mapped file as long as it is");
        long end;
        using (GgufFile file = GgufFile.Open(path))
        {
            GgufTensor embedding = file.FindTensor("token_embd.weight")!;
            end = embedding.FileOffset + embedding.ByteLength;
            Assert.All(file.Tensors.Where(tensor => tensor != embedding), tensor => Assert.True(tensor.FileOffset >= end));
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(end);
    }

    /// <summary>Changes a weight of the fourth layer in place; returns what was there.</summary>
    private static byte[] OverwriteWeight(string path, byte[] bytes)
    {
        long place;
        using (GgufFile file = GgufFile.Open(path))
        {
            place = file.FindTensor("blk.3.ffn_up.weight")!.FileOffset + 400;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        byte[] before = new byte[bytes.Length];
        stream.Seek(place, SeekOrigin.Begin);
        stream.ReadExactly(before);
        stream.Seek(place, SeekOrigin.Begin);
        stream.Write(bytes);
        return before;
    }
}
