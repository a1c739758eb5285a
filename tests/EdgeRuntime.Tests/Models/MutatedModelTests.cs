using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Tests.Support;
using Xunit;

namespace EdgeRuntime.Tests.Models;

/// <summary>
/// Models of every kind of layer with one change of their head: each runs and gives the same finite numbers in any batch, or is refused in
/// one line. No file may cause another exception.
/// </summary>
public sealed class MutatedModelTests : IDisposable
{
    private const int SpareCopies = 1;
    private const int Seed = 20;
    private const int Sample = 10;
    private const int WideSeed = 21;
    private const int WideSample = 8; // of each of more than 100 families

    // The most managed memory that a file may cost; packed weights and scratch are not managed.
    private const long FixedAllocation = 64 << 20;
    private const long AllocationPerByte = 20;

    private static readonly string[] s_models =
    [
        "llama-dense", "qwen3moe-moe", "deepseek2-moe", "gpt-oss-moe", "mamba-dense", "nemotron_h_moe-dense", "granitehybrid-dense",
        "qwen35-dense", "qwen3next-moe", "lfm2-dense", "gemma3-dense", "falcon-h1-dense", "plamo2-dense", "minimax-01-moe", "olmo2-dense",
        "phi3-dense", "kimi-linear-moe", "dots3note-moe",
    ];

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    public static IEnumerable<TheoryDataRow<string>> Models() => s_models.Select(static name => new TheoryDataRow<string>(name));

    public static IEnumerable<TheoryDataRow<string>> AllModels() =>
        RandomModels.Names().Where(FamilyTests.IsComputed).Select(static name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Models))]
    public void Load_OfAMutatedModel_IsRefusedOrRuns(string name)
    {
        RawModel model = Copy(name);
        ModelMutation[] ofKeys = [.. OfKeys(model)];
        ModelMutation[] ofTensors = [.. OfTensors(model)];
        var random = new Random(Seed);
        Try(model, random.GetItems(ofKeys, Sample), repairs: true);
        Try(model, random.GetItems(ofTensors, Sample), repairs: false);
        TryDamagedHeads(model, random);
        TryWithoutData(model);
    }

    [Theory]
    [Trait("Speed", "Slow")]
    [MemberData(nameof(AllModels))]
    public void Load_OfAMutatedModelOfAnyFamily_IsRefusedOrRuns(string name)
    {
        RawModel model = Copy(name);
        var random = new Random(WideSeed);
        Try(model, random.GetItems([.. OfKeys(model)], WideSample), repairs: true);
        Try(model, random.GetItems([.. OfTensors(model)], WideSample), repairs: false);
    }

    private RawModel Copy(string name)
    {
        string source = $"{_path}.good";
        RandomModels.Make(name, source);
        RawModel model = RawModel.Copy(source, _path, SpareCopies);
        File.Delete(source);
        Assert.Null(ModelTrial.Run(_path));
        return model;
    }

    private static IEnumerable<ModelMutation> OfKeys(RawModel model) => model.Keys
        .Where(key => key.Key.StartsWith($"{model.Architecture}.", StringComparison.Ordinal))
        .SelectMany(static key => ModelMutations.OfKey(key.Key, key.Value));

    private static IEnumerable<ModelMutation> OfTensors(RawModel model) =>
        Enumerable.Range(0, model.Tensors.Count).SelectMany(index => ModelMutations.OfTensor(model, index));

    private void Try(RawModel good, IEnumerable<ModelMutation> mutations, bool repairs)
    {
        foreach (ModelMutation mutation in mutations)
        {
            RawModel model = good.Clone();
            mutation.Apply(model);
            model.WriteTo(_path);
            Judge(mutation.Name, () => ModelTrial.Run(_path));
            if (repairs)
            {
                Judge($"{mutation.Name}, with the tensors for it", () => ModelRepair.Run(model, _path));
            }
        }
    }

    /// <summary>Flips one bit of the head, outside of its padding.</summary>
    private void TryDamagedHeads(RawModel model, Random random)
    {
        byte[] head = model.Head();
        int padding = head.AsSpan().IndexOf("--------"u8);
        int tensors = head.AsSpan().LastIndexOf("--------"u8) + 8;
        for (int i = 0; i < Sample; i++)
        {
            byte[] damaged = [.. head];
            int place = i % 2 == 0 ? random.Next(padding) : random.Next(tensors, head.Length);
            damaged[place] ^= (byte)(1 << random.Next(8));
            using (FileStream file = File.OpenWrite(_path))
            {
                file.Write(damaged);
            }

            Judge($"byte {place} = {damaged[place]}", () => ModelTrial.Run(_path));
        }
    }

    private void TryWithoutData(RawModel model)
    {
        model.WriteTo(_path);
        using (FileStream file = File.OpenWrite(_path))
        {
            file.SetLength(RawModel.HeadBytes + 64);
        }

        Assert.NotNull(ModelTrial.Run(_path));
    }

    private void Judge(string what, Func<string?> run)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        string? refusal = null;
        try
        {
            refusal = run();
        }
        catch (Exception error)
        {
            Assert.Fail($"{what}: {error}");
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        long most = FixedAllocation + (AllocationPerByte * new FileInfo(_path).Length);
        Assert.True(allocated < most, $"{what}: allocated {allocated} bytes; {refusal}");
    }
}
