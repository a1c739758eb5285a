using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Safetensors;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgert-safetensors-").FullName;

    private string File => Path.Join(_folder, "model.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_TwoTensors_ReadsThemSortedByName()
    {
        SafetensorsWriter.Write(File, [("b", [2, 2], [1, 2, 3, 4]), ("a", [3], [5, 6, 7])]);

        using var file = new SafetensorsFile(File);

        Assert.Equal(["a", "b"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([2L, 2], file.Tensors[1].Shape);
        var values = new float[2];
        file.Tensors[1].Read(1, values);
        Assert.Equal([2f, 3], values);
    }

    [Theory]
    [InlineData("F16", new byte[] { 0x00, 0x3C, 0x00, 0xC0 }, 1f, -2f)]
    [InlineData("BF16", new byte[] { 0x80, 0x3F, 0x00, 0xC0 }, 1f, -2f)]
    [InlineData("F8_E4M3", new byte[] { 0x38, 0xC1 }, 1f, -2.25f)]
    [InlineData("F8_E4M3", new byte[] { 0x01, 0x7E }, 0.001953125f, 448f)]
    [InlineData("F8_E5M2", new byte[] { 0x3C, 0xC0 }, 1f, -2f)]
    [InlineData("I8", new byte[] { 0xFF, 0x05 }, -1f, 5f)]
    [InlineData("I16", new byte[] { 0xFF, 0xFF, 0x05, 0 }, -1f, 5f)]
    [InlineData("I64", new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0 }, 1f, 2f)]
    [InlineData("F64", new byte[] { 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0 }, 1f, -2f)]
    public void Read_EachType_GivesItsNumbers(string type, byte[] bytes, float first, float second)
    {
        SafetensorsWriter.Write(File, "x", type, [2], bytes);

        using var file = new SafetensorsFile(File);

        var values = new float[2];
        file.Tensors[0].Read(0, values);
        Assert.Equal([first, second], values);
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}""", "0 to 9")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", "inside the 8")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "-8 to 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[8]}}""", "two numbers")]
    [InlineData("""{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", "above 0")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}""", "dimensions")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", "at most 8")]
    [InlineData("""{"x":{"dtype":"F4","shape":[2],"data_offsets":[0,8]}}""", "F4")]
    [InlineData("""{"x":{"shape":[2],"data_offsets":[0,8]}}""", "x.dtype")]
    [InlineData("""{"x":7}""", "x.dtype")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", "share")]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "JSON")]
    [InlineData("[1]", "expected an object")]
    [InlineData("{", "not valid JSON")]
    public void Open_DamagedHeader_SaysWhat(string header, string expected)
    {
        SafetensorsWriter.Write(File, header, new byte[8]);

        EdgeRuntimeException error = Assert.ThrowsAny<EdgeRuntimeException>(() => new SafetensorsFile(File).Dispose());

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(File, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(2UL << 30)]
    [InlineData(ulong.MaxValue)]
    [InlineData(100UL)]
    public void Open_HeaderLongerThanTheFile_IsRefusedWithoutReadingIt(ulong length)
    {
        System.IO.File.WriteAllBytes(File, [.. BitConverter.GetBytes(length), (byte)'{', (byte)'}']);

        var error = Assert.Throws<ModelFormatException>(() => new SafetensorsFile(File).Dispose());

        Assert.Contains($"header of {length} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HugeHeaderInASparseFile_IsRefusedByItsLimit()
    {
        using (FileStream stream = System.IO.File.Create(File))
        {
            stream.Write(BitConverter.GetBytes(2UL << 30));
            stream.SetLength(3L << 30);
        }

        var error = Assert.Throws<ModelFormatException>(() => new SafetensorsFile(File).Dispose());

        Assert.Contains("at most 100000000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_DamagedBytes_NeverThrowsAnythingElse()
    {
        SafetensorsWriter.Write(File, [("b", [2, 2], [1, 2, 3, 4]), ("a", [3], [5, 6, 7])]);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        var random = new Random(1);
        for (int i = 0; i < 500; i++)
        {
            byte[] damaged = whole[..(whole.Length - random.Next(3))];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            System.IO.File.WriteAllBytes(File, damaged);

            Assert.True(Record.Exception(() => new SafetensorsFile(File).Dispose()) is null or EdgeRuntimeException);
        }
    }

    [Fact]
    public void OpenModel_Index_ReadsItsFilesAndChecksThem()
    {
        SafetensorsWriter.Write(Path.Join(_folder, "model-00001-of-00002.safetensors"), [("b", [1], [1])]);
        SafetensorsWriter.Write(Path.Join(_folder, "model-00002-of-00002.safetensors"), [("a", [1], [2])]);
        WriteIndex("""{"b":"model-00001-of-00002.safetensors","a":"model-00002-of-00002.safetensors"}""");

        using (SafetensorsModel model = SafetensorsModel.Open(_folder))
        {
            Assert.Equal(["b", "a"], model.Tensors.Select(tensor => tensor.Name));
        }

        WriteIndex("""{"b":"model-00001-of-00002.safetensors"}""");
        using (SafetensorsModel model = SafetensorsModel.Open(_folder))
        {
            Assert.Equal(["b"], model.Tensors.Select(tensor => tensor.Name));
        }

        foreach ((string map, string expected) in ((string, string)[])
            [
                ("""{"b":"model-00001-of-00002.safetensors","c":"model-00001-of-00002.safetensors"}""", "\"c\" is in the index"),
                ("""{"b":"../model-00001-of-00002.safetensors"}""", "same folder"),
                ("""{"b":"/etc/passwd"}""", "same folder"),
                ("{}", "no tensors"),
            ])
        {
            WriteIndex(map);
            var error = Assert.Throws<ModelFormatException>(() => SafetensorsModel.Open(_folder));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OpenModel_FolderWithoutFiles_SaysWhatIsMissing() => Assert.Contains(
        "model*.safetensors", Assert.Throws<FileNotFoundException>(() => SafetensorsModel.Open(_folder)).Message, StringComparison.Ordinal);

    private void WriteIndex(string map) => System.IO.File.WriteAllText(
        Path.Join(_folder, "model.safetensors.index.json"), $$"""{"weight_map":{{map}}}""");
}
