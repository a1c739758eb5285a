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
    /// Two parts of 8 MiB are in memory and the weights that are being quantized, or a piece that is copied. A buffer of the whole tensor
    /// would take 28 MiB as Q8_0, and 104 MiB as F32.
    /// </summary>
    [Theory]
    [InlineData("Q8_0")]
    [InlineData("F32")]
    public void Run_LargeTensor_AllocatesOnlyParts(string type) => Assert.InRange(Allocate(type, mebibytes: 104), 0, 20 * MiB);

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
