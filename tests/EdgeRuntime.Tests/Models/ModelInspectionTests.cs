using System.IO;
using EdgeRuntime.Gguf;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Models;

public sealed class ModelInspectionTests
{
    [Theory]
    [InlineData("conformance/architectures")]
    [InlineData("small-models")]
    public void Inspect_HeaderAlone_TellsWhatTheFileTells(string folder)
    {
        foreach (string path in SharedData.RequireFiles(folder, "*.gguf"))
        {
            using GgufFile file = GgufFile.Open(path);
            byte[] start = new byte[(int)file.Parts[0].DataOffset];
            using (FileStream stream = File.OpenRead(path))
            {
                stream.ReadExactly(start);
            }

            using GgufFile header = GgufFile.OpenHeaders(new GgufHeader(path, start, file.ByteLength));
            ModelInspection expected = ModelInspection.Inspect(file);
            ModelInspection actual = ModelInspection.Inspect(header);
            Assert.Equal(expected.Problems, actual.Problems);
            Assert.Equal((expected.Architecture, expected.ContextLength), (actual.Architecture, actual.ContextLength));
            Assert.Equal(
                expected.KvCacheBytes(512, KvCacheType.F16, KvCacheType.Q8_0), actual.KvCacheBytes(512, KvCacheType.F16, KvCacheType.Q8_0));
        }
    }
}
