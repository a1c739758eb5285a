using System;
using System.IO;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;
using Xunit;

namespace EdgeRuntime.Tests.Quantization;

/// <summary>The memory of the quantizer depends neither on the size of the file nor on that of its largest tensor.</summary>
public sealed class QuantizerMemoryTests : IDisposable
{
    private const int Columns = 512;
    private const int MiB = 1 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-memory-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>
    /// A buffer of a whole tensor would grow by 24 MiB (of the source) or 6.4 MiB (of the result). The first run fills the pools.
    /// </summary>
    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_K_M")]
    public void Run_LargerTensor_AllocatesNoMore(string type)
    {
        _ = Allocate(type, 16);
        long small = Allocate(type, 16);
        long large = Allocate(type, 40);
        Assert.True(large - small < 2 * MiB, FormattableString.Invariant($"{small} bytes for 16 MiB, {large} for 40 MiB"));
    }

    /// <summary>Tensors that keep their type are copied in pieces.</summary>
    [Fact]
    public void Run_CopiedTensor_AllocatesNoMore()
    {
        _ = Allocate("F32", 16);
        long small = Allocate("F32", 16);
        long large = Allocate("F32", 40);
        Assert.True(large - small < 2 * MiB, FormattableString.Invariant($"{small} bytes for 16 MiB, {large} for 40 MiB"));
    }

    /// <summary>Quantizes a file with one tensor.</summary>
    /// <returns>The managed bytes that this allocates. With one thread, that is the thread of the caller.</returns>
    private long Allocate(string type, int mebibytes)
    {
        string input = Path.Combine(_folder, "in.gguf");
        long rows = (long)mebibytes * MiB / (Columns * sizeof(float));
        using (FileStream stream = File.Create(input))
        {
            var writer = new GgufWriter(stream);
            writer.AddKey("general.architecture", "llama");
            writer.AddKey("llama.block_count", 1u);
            writer.AddTensor("blk.0.ffn_up.weight", TensorType.F32, Columns, rows);
            byte[] piece = new byte[MiB];
            for (int i = 0; i < mebibytes; i++)
            {
                writer.WriteData(piece);
            }

            writer.Complete();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelQuantizer.Run(input, Path.Combine(_folder, "out.gguf"), new QuantizationOptions
        {
            Mix = QuantizationMix.Find(type),
            Threads = 1,
            Overwrite = true,
        });
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
