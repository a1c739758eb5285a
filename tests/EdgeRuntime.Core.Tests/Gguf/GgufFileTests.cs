using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Core.Tests.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_SmallRealModel_HasItsFacts()
    {
        using GgufFile file = GgufFile.Open(TestModels.Stories);
        Assert.Equal((3u, 1185376L, 48, 1), (file.Version, file.ByteLength, file.Tensors.Count, file.Parts.Count));
        Assert.Equal("llama", file.Metadata.GetString("general.architecture"));
        Assert.Equal(512, file.Metadata.GetStrings("tokenizer.ggml.tokens").Count);
        Assert.Equal(512, file.Metadata.GetSingles("tokenizer.ggml.scores").Length);
        Assert.Equal(512, file.Metadata.GetInt32s("tokenizer.ggml.token_type").Length);
        GgufTensor embedding = file.FindTensor("token_embd.weight")!;
        Assert.Equal((TensorType.F32, 64L, 512L, 256L), (embedding.Type, embedding.Columns, embedding.Rows, embedding.RowBytes));
        Assert.Null(file.FindTensor("no such tensor"));
        GgufProbe.TouchAll(file);
    }

    [Theory]
    [InlineData("models")]
    [InlineData("small-models")]
    [InlineData("conformance/architectures")]
    [InlineData("conformance/tokenizers")]
    [InlineData("conformance/lora")]
    public void Open_EveryGoodFile_ReadsWhole(string folder)
    {
        foreach (string path in SharedData.RequireFiles(folder, "*.gguf"))
        {
            using GgufFile file = GgufFile.Open(path);
            Assert.True(file.IsComplete);
            GgufProbe.TouchAll(file);
        }
    }

    [Fact]
    public void OpenHeaders_AnyStartOfAFile_NeedsItsWholeHeader()
    {
        byte[] bytes = File.ReadAllBytes(TestModels.Stories);
        using GgufFile whole = GgufFile.Open(TestModels.Stories);
        int header = (int)whole.Parts[0].DataOffset;
        for (int length = 0; length < header - 32; length += 97)
        {
            Assert.Throws<EndOfStreamException>(() => GgufFile.OpenHeaders(Header(bytes.AsMemory(0, length))));
        }

        using GgufFile file = GgufFile.OpenHeaders(Header(bytes.AsMemory(0, header + (16 << 10))));
        Assert.True(file.IsComplete);
        Assert.Equal(whole.ByteLength, file.ByteLength);
        Assert.Equal(whole.Metadata.GetStrings("tokenizer.ggml.tokens"), file.Metadata.GetStrings("tokenizer.ggml.tokens"));
        Assert.Equal(whole.Tensors.Select(Facts), file.Tensors.Select(Facts));
        Assert.Throws<EndOfStreamException>(() => file.Tensors[^1].GetRows(0, 1));
        Assert.Throws<ModelFormatException>(() => GgufFile.OpenHeaders(Header("GGUX"u8.ToArray())));

        GgufHeader Header(ReadOnlyMemory<byte> start) => new("m.gguf", start, bytes.Length);

        static (string, TensorType, long, long, long) Facts(GgufTensor tensor) =>
            (tensor.Name, tensor.Type, tensor.Rows, tensor.Columns, tensor.FileOffset);
    }

    [Fact]
    public void OpenHeaders_SplitModel_NeedsAllPartsInOrder()
    {
        GgufHeader[] headers = [.. SharedData.RequireFiles("conformance/split", "*.gguf").Select(static path =>
            new GgufHeader(path, File.ReadAllBytes(path), new FileInfo(path).Length))];
        using GgufFile file = GgufFile.OpenHeaders(headers);
        Assert.Equal((true, 3, 48), (file.IsComplete, file.Parts.Count, file.Tensors.Count));
        using GgufFile first = GgufFile.OpenHeaders(headers[0]);
        Assert.False(first.IsComplete);
        Assert.Throws<ModelFormatException>(first.RequireComplete);
        Assert.Throws<ModelFormatException>(() => GgufFile.OpenHeaders(headers[1], headers[0], headers[2]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_AnyPartOfASplitModel_IsTheWholeModel(int part)
    {
        using GgufFile whole = GgufFile.Open(TestModels.Stories);
        using GgufFile split = GgufFile.Open(SharedData.Require($"conformance/split/stories260K-0000{part}-of-00003.gguf"));
        Assert.True(split.IsComplete);
        Assert.Equal(3, split.Parts.Count);
        Assert.Equal(split.Parts.Sum(each => each.ByteLength), split.ByteLength);
        Assert.Equal(whole.Metadata.GetStrings("tokenizer.ggml.tokens"), split.Metadata.GetStrings("tokenizer.ggml.tokens"));
        Assert.Equal(whole.Tensors.Count, split.Tensors.Count);
        foreach (GgufTensor expected in whole.Tensors)
        {
            GgufTensor actual = split.FindTensor(expected.Name)!;
            Assert.Equal(expected.Dimensions, actual.Dimensions);
            Assert.True(expected.GetRows(0, (int)expected.Rows).SequenceEqual(actual.GetRows(0, (int)actual.Rows)));
        }
    }

    [Fact]
    public void RequireComplete_PartMissing_NamesIt()
    {
        string path = _folder.WritePart("m-00002-of-00002.gguf", 1, 2, 2);
        using GgufFile file = GgufFile.Open(path);
        Assert.False(file.IsComplete);
        Assert.Equal("t1", Assert.Single(file.Tensors).Name);
        ModelFormatException error = Assert.Throws<ModelFormatException>(file.RequireComplete);
        Assert.Equal(_folder["m-00001-of-00002.gguf"], error.Path);
    }

    [Theory]
    [InlineData("m.gguf", 0, 2)]
    [InlineData("m-00001-of-00003.gguf", 0, 2)]
    [InlineData("m-00001-of-00002.gguf", 1, 2)]
    [InlineData("m-00008-of-00002.gguf", 7, 2)]
    [InlineData("m-00001-of-65535.gguf", 0, 65535)]
    public void RequireComplete_NameAndNumbersDisagree_Throws(string name, int number, int count)
    {
        using GgufFile file = GgufFile.Open(_folder.WritePart(name, number, count, 2));
        Assert.Single(file.Parts);
        Assert.Throws<ModelFormatException>(file.RequireComplete);
    }

    [Theory]
    [InlineData(1, 2, 3, "t1", "split.tensors.count")]
    [InlineData(0, 2, 2, "t1", "split.no")]
    [InlineData(1, 3, 2, "t1", "split.count")]
    [InlineData(1, 2, 2, "t0", "t0")]
    public void Open_PartsContradictEachOther_ThrowsAndNamesTheKey(int number, int count, int tensors, string tensorName, string named)
    {
        string path = _folder.WritePart("m-00001-of-00002.gguf", 0, 2, tensors);
        _folder.WritePart("m-00002-of-00002.gguf", number, count, tensors, tensorName);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Contains($"\"{named}\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OtherPartDamaged_NamesThatPart()
    {
        string path = _folder.WritePart("m-00001-of-00002.gguf", 0, 2, 2);
        File.WriteAllBytes(_folder["m-00002-of-00002.gguf"], File.ReadAllBytes(path)[..100]);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Equal(_folder["m-00002-of-00002.gguf"], error.Path);
    }

    [Fact]
    public void Open_SplitIntoOneFile_NeedsNoSpecialName()
    {
        using GgufFile file = GgufFile.Open(_folder.WritePart("m.gguf", 0, 1, 1));
        Assert.True(file.IsComplete);
        file.RequireComplete();
    }

    [Fact]
    public void Open_TensorsShareBytes_Throws()
    {
        string path = _folder.Write(
            "m.gguf",
            writer =>
            {
                writer.AddTensor("a", TensorType.F32, 16);
                writer.AddTensor("b", TensorType.F32, 16);
            },
            tensorBytes: [64, 64]);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[24 + 2 * 33 - 8] = 32; // b's offset
        File.WriteAllBytes(path, bytes);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.Contains("\"b\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HostileNames_MessageIsOneShortVisibleLine()
    {
        string key = "\u202Eevil\u200B" + new string('x', 60_000);
        string path = _folder.Write("m.gguf", writer => writer.AddKey(key, true));
        byte[] bytes = File.ReadAllBytes(path);
        bytes[24 + 8 + System.Text.Encoding.UTF8.GetByteCount(key) + 4] = 2; // the bool
        File.WriteAllBytes(path, bytes);
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => GgufFile.Open(path));
        Assert.True(error.What.Length < 300);
        Assert.Contains("\\u202eevil\\u200bxx", error.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoSuchFileOrFolder_ThrowsIOException()
    {
        Assert.Throws<FileNotFoundException>(() => GgufFile.Open(_folder["absent.gguf"]));
        Assert.Contains(
            "is a folder", Assert.ThrowsAny<IOException>(() => GgufFile.Open(Path.GetTempPath())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetRows_OutsideTheTensor_Throws()
    {
        string path = _folder.Write("m.gguf", writer => writer.AddTensor("t", TensorType.F32, 2, 3), tensorBytes: 24);
        using GgufFile file = GgufFile.Open(path);
        GgufTensor tensor = file.Tensors[0];
        Assert.Equal(16, tensor.GetRows(1, 2).Length);
        Assert.Equal(0, tensor.GetRows(3, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetRows(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetRows(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetRows(2, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetRows(long.MaxValue, int.MaxValue).Length);
    }

    [Fact]
    public void ReadRows_AnyRows_AreThoseOfGetRows()
    {
        string path = _folder.Write("m.gguf", writer => writer.AddTensor("t", TensorType.F32, 2, 3), tensorBytes: 24);
        using GgufFile file = GgufFile.Open(path);
        GgufTensor tensor = file.Tensors[0];
        byte[] rows = new byte[16];
        tensor.ReadRows(1, rows);
        Assert.True(tensor.GetRows(1, 2).SequenceEqual(rows));
        tensor.ReadRows(3, []);
        Assert.Throws<ArgumentException>(() => tensor.ReadRows(0, new byte[12]));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.ReadRows(-1, rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.ReadRows(2, rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.ReadRows(long.MaxValue, rows));
    }

    [Fact]
    public void ReadRows_FileThatBecameShorter_SaysSo()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps a mapped file as long as it is");
        string path = _folder.Write("m.gguf", writer => writer.AddTensor("t", TensorType.F32, 2, 3), tensorBytes: 24);
        using GgufFile file = GgufFile.Open(path);
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(file.Tensors[0].FileOffset + 16);
        }

        IOException error = Assert.Throws<IOException>(() => file.Tensors[0].ReadRows(0, new byte[24]));
        Assert.Contains("became shorter", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Nothing of the file is mapped: whatever is taken away from under it is an error and never a signal.</summary>
    [Fact]
    public void EveryReader_FileCutAtAnyByte_GivesTheValueOrAnError()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows keeps an open file as long as it is");
        void Fill(GgufWriter writer)
        {
            writer.AddKey("name", "some text");
            writer.AddKey("number", 7u);
            writer.AddKey("strings", (string[])["a", "bc", "def"]);
            writer.AddKey("floats", (float[])[1, 2, 3]);
            writer.AddKey("flags", (bool[])[true, false]);
            writer.AddTensor("t", TensorType.F32, 2, 3);
        }

        long length = new FileInfo(_folder.Write("m.gguf", Fill, tensorBytes: 24)).Length;
        for (long cut = 0; cut <= length; cut++)
        {
            string path = _folder.Write("m.gguf", Fill, tensorBytes: 24);
            using GgufFile file = GgufFile.Open(path);
            using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                stream.SetLength(cut);
            }

            Action[] readers =
            [
                () => file.Metadata.GetString("name"), () => file.Metadata.GetInt32("number"), () => file.Metadata.GetStrings("strings"),
                () => file.Metadata.GetStringBytes("strings"), () => file.Metadata.GetSingles("floats"),
                () => file.Metadata.TryGetValue("flags", out _),
                () => file.Tensors[0].GetRows(0, 3), () => file.Tensors[0].ReadRows(2, new byte[8]),
            ];
            int failed = readers.Count(reader => Record.Exception(reader) is { } error && Assert.IsType<IOException>(error) is not null);
            Assert.True(cut >= file.Tensors[0].FileOffset + file.Tensors[0].ByteLength ? failed == 0 : failed > 0);
        }
    }

    [Fact]
    public void GetStrings_FileOverwritten_IsAnError()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody write to the open file");
        string path = _folder.Write("m.gguf", writer => writer.AddKey("strings", (string[])["a", "bc", "def"]));
        using GgufFile file = GgufFile.Open(path);
        byte[] bytes = File.ReadAllBytes(path);
        Array.Fill(bytes, (byte)0xff, bytes.Length / 2, bytes.Length - (bytes.Length / 2));
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.Write(bytes);
        }

        Assert.Throws<IOException>(() => file.Metadata.GetStrings("strings"));
        Assert.Throws<IOException>(() => file.Metadata.GetStringBytes("strings"));
    }

    [Fact]
    public void Dispose_ThenRead_Throws()
    {
        string path = _folder.Write("m.gguf", writer => writer.AddTensor("t", TensorType.F32, 2), tensorBytes: 8);
        GgufFile file = GgufFile.Open(path);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Tensors[0].GetRows(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => file.Tensors[0].ReadRows(0, new byte[8]));
    }
}
