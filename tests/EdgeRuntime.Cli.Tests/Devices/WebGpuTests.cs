using System;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Devices;

/// <summary>
/// The command on WebGPU. <c>.ci/webgpu.sh</c> gets a library of ONNX Runtime with WebGPU and a Vulkan driver in software, and runs these
/// tests with them; on a machine with a GPU the variables name its own.
/// </summary>
public sealed class WebGpuTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public WebGpuTests() => Assert.SkipWhen(
        Environment.GetEnvironmentVariable("EDGERUNTIME_TEST_WEBGPU") is not "1", "needs WebGPU (.ci/webgpu.sh)");

    private string[] Device => ["--device", "webgpu", "--device-cache", _folder.File("cache")];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Logits_OfFloats_AreThoseOfTheBuiltInEngine() =>
        AssertLogits(Edgert.Stories, "1,403,407,261,378,290,311,400,9,30,31");

    [Fact]
    public void Logits_OfQuantizedWeights_AreThoseOfTheBuiltInEngine() =>
        AssertLogits(SharedData.Require("models/tiny-novel-Q4_K_M.gguf"), "1,5,17,80,3,9,120,44");

    [Fact]
    public void Chat_OfTwoTurns_AnswersAsTheBuiltInEngine()
    {
        const string Turns = "A dog\nand a cat\n";
        string[] chat = ["chat", Edgert.Stories, "--no-template", "--temp", "0", "-n", "24"];
        Assert.Equal(Edgert.RunWith(Turns, chat).Expect(0).Output, Edgert.RunWith(Turns, [.. chat, .. Device]).Expect(0).Output);
    }

    /// <summary>
    /// Keys and values come out of the memory of the device. Not a comparison of texts: the processor rounds activations and the device
    /// does not, so that the texts differ where two tokens are nearly equally likely.
    /// </summary>
    [Fact]
    public void Logits_Split_AreThoseOfTheBuiltInEngine()
    {
        const int Prompt = 36;
        string ids = string.Join(',', Enumerable.Range(0, Prompt + 6).Select(static i => 3 + (i * 37 % 400)));
        AssertLogits(Edgert.Stories, ids, Prompt, "--split");
    }

    [Fact]
    public void Devices_WithWebGpu_ListIt()
    {
        foreach (JsonElement device in Edgert.Run("devices", "--json").Expect(0).Json.EnumerateArray())
        {
            if (device.GetProperty("name").GetString() == "webgpu")
            {
                Assert.True(device.GetProperty("available").GetBoolean(), device.GetProperty("problem").GetString());
            }
        }
    }

    private void AssertLogits(string model, string ids, int chunk = 5, params string[] options)
    {
        string[] logits = ["logits", model, "--exact", "--chunk", $"{chunk}", "--ids", ids, "-o"];
        Edgert.Run([.. logits, _folder.File("expected")]).Expect(0);
        Edgert.Run([.. logits, _folder.File("found"), .. Device, .. options]).Expect(0);
        double error = LogitsFiles.NormalizedError(LogitsFiles.Read(_folder.File("found")), LogitsFiles.Read(_folder.File("expected")));
        Assert.InRange(error, 0, 1e-5);
    }
}
