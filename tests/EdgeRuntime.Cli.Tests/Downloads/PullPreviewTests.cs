using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Formats;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Downloads;

/// <summary><c>edgert pull</c> says whether a model will run and fit before it downloads more than the header.</summary>
public sealed class PullPreviewTests : IDisposable
{
    private static readonly (string Key, object Value) s_missing = ("general.architecture", "t5");

    private readonly PullTrial _trial = new();

    public void Dispose() => _trial.Dispose();

    [Fact]
    public void Pull_ModelThatRuns_SaysSoFirst()
    {
        using var server = new FileServer(_trial.Content);
        string[] lines = _trial.Pull(server.Url("m.gguf")).Expect(0).ErrorLines;
        Assert.Matches(
            @"^m\.gguf: llama, runs here; 1\.2 MB to download, [\d.]+ .B free; about [\d.]+ MB of [\d.]+ .B memory "
            + @"\(weights 1\.2 MB, KV cache [\d.]+ .B for \d+ tokens\)$",
            lines[0]);
        Assert.Equal([$"saved {_trial.File("m.gguf")}"], lines[1..]);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void Pull_ArchitectureThatDoesNotRun_IsRefusedInTheWordsOfInfo()
    {
        byte[] model = ModelCopies.With(s_missing);
        using var server = new FileServer(model);
        string error = _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.StartsWith(
            $"edgert: error: {server.Url("m.gguf")}: not downloaded ('edgert pull --force' does it anyway): architecture 't5' is not",
            error,
            StringComparison.Ordinal);
        Assert.Contains("because these parts are missing: ", error, StringComparison.Ordinal);
        _trial.AssertNothingElse();

        EdgertResult forced = _trial.Pull(server.Url("m.gguf"), "--force").Expect(0);
        Assert.StartsWith("edgert: warning: ", forced.ErrorLines[0], StringComparison.Ordinal);
        Assert.Equal(model, File.ReadAllBytes(_trial.File("m.gguf")));
        EdgertResult info = Edgert.Run("info", "--json", _trial.File("m.gguf")).Expect(0);
        foreach (string problem in info.Json.GetProperty("problems").EnumerateArray().Select(static problem => problem.GetString()!))
        {
            Assert.Contains(problem, error, StringComparison.Ordinal);
            Assert.Contains(problem, forced.ErrorLines[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Pull_TokenizerThatIsMissing_IsSaid()
    {
        using var server = new FileServer(ModelCopies.With(("tokenizer.ggml.model", "sixth")));
        Assert.Contains(
            "m.gguf: llama, runs here on token ids, but not on text (tokenizer model \"sixth\" is not supported",
            _trial.Pull(server.Url("m.gguf")).Expect(0).ErrorLines[0],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_LargeModelThatDoesNotRun_TakesNotMuchMoreThanTheHeader()
    {
        long sent = 0;
        byte[] head = FileServer.Reply("200 OK", ["Content-Length: 50000000"], ModelCopies.With(s_missing));
        using var server = new FileServer(async (_, stream) =>
        {
            await stream.WriteAsync(head);
            for (byte[] rest = new byte[100_000]; sent < 40_000_000; sent += rest.Length)
            {
                await stream.WriteAsync(rest);
            }
        });
        _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.InRange(sent, 0, 30_000_000); // what fits the buffers of a connection
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Pull_TensorTypeWithoutKernels_IsRefused()
    {
        using var server = new FileServer(ModelCopies.Alien(TensorType.I32, ("general.architecture", "llama")));
        string error = _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.Contains("no kernels for tensors of type I32", error, StringComparison.Ordinal);
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Pull_ModelLargerThanTheMemory_IsRefused()
    {
        using var server = new FileServer(File.ReadAllBytes(Edgert.SmolLm));
        var small = new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = "5000000" }; // hexadecimal: 83.9 MB
        string[] command = ["pull", server.Url("m.gguf"), "--output", _trial.Folder];
        string error = Edgert.RunIn(small, null, command).ExpectErrorLine(1);
        Assert.Contains("weights need 96.6 MB of memory, and this machine has 83.9 MB", error, StringComparison.Ordinal);
        _trial.AssertNothingElse();

        // The weights fit alone.
        small["DOTNET_GCHeapHardLimit"] = "8000000";
        error = Edgert.RunIn(small, null, command).ExpectErrorLine(1);
        Assert.Contains("of memory are needed (weights 96.6 MB, KV cache 94.4 MB for 4096 tokens)", error, StringComparison.Ordinal);
        Edgert.RunIn(small, null, [.. command, "--force"]).Expect(0);
    }

    [Fact]
    public void Pull_RefusedAfterAnEarlierPart_KeepsThePart()
    {
        byte[] model = ModelCopies.With(s_missing);
        File.WriteAllBytes(_trial.File("m.gguf.part"), model[..700_000]);
        File.WriteAllText(_trial.File("m.gguf.part.etag"), "\"v1\"");
        using var server = new FileServer(model);
        _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.True(new FileInfo(_trial.File("m.gguf.part")).Length >= 700_000);
        _trial.Pull(server.Url("m.gguf"), "--force").Expect(0);
        Assert.Equal(model, File.ReadAllBytes(_trial.File("m.gguf")));
    }

    [Fact]
    public void Pull_ConnectionBreaksInTheHeader_GoesOn()
    {
        using var server = new FileServer(_trial.Content, new ServerBehaviour { CutAfter = new Queue<int>([5000, 3000, 40_000]) });
        EdgertResult result = _trial.Pull(server.Url("m.gguf")).Expect(0);
        Assert.Equal(2, result.ErrorLines.Length);
        Assert.Equal(_trial.Content, File.ReadAllBytes(_trial.File("m.gguf")));
    }

    public static TheoryData<string, byte[], string> HostileHeaders => new()
    {
        { "version", Header(9, 0, 0), "found version 9, expected 2 or 3" },
        { "keys", Header(3, 0, ulong.MaxValue), "number of keys: found 18446744073709551615" },
        { "tensors", Header(3, 1 << 30, 0), "number of tensors: found 1073741824" },
        { "length", [.. Header(3, 0, 1), .. Number(1 << 20), .. new byte[100]], "key: found a length of 1048576 bytes" },
        { "cut short", ModelCopies.Stories[..9000], "expected" },
        { "part alone", ModelCopies.Split(2)[0], "split.count\": found 2, expected 1" },
    };

    [Theory]
    [MemberData(nameof(HostileHeaders))]
    public void Pull_HostileHeader_IsOneLine(string name, byte[] content, string expected)
    {
        using var server = new FileServer(content);
        string error = _trial.Pull(server.Url($"{name}.gguf")).ExpectErrorLine(1);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        _trial.AssertNothingElse();
        _trial.Pull(server.Url($"{name}.gguf"), "--force").Expect(0);
        Assert.Equal(content, File.ReadAllBytes(_trial.File($"{name}.gguf")));
    }

    [Theory]
    [InlineData("Content-Length: 1000000000")]
    [InlineData(Answers.Chunked)]
    public void Pull_HeaderWithoutEnd_IsRefusedAtTheLimit(string length)
    {
        // A list of 60 million empty strings.
        byte[] start =
        [
            .. Header(3, 0, 1), .. Number(1), (byte)'k', .. Number(9).AsSpan(0, 4), .. Number(8).AsSpan(0, 4), .. Number(60_000_000),
        ];
        using var server = new FileServer(async (_, stream) =>
        {
            bool isChunked = length == Answers.Chunked;
            byte[] piece = new byte[1 << 20];
            await stream.WriteAsync(FileServer.Reply("200 OK", [length], isChunked ? Answers.Chunk(start) : start));
            for (int count = 0; count < 200; count++)
            {
                await stream.WriteAsync(isChunked ? Answers.Chunk(piece) : piece);
            }
        });
        string error = _trial.Pull(server.Url("m.gguf")).ExpectErrorLine(1);
        Assert.Contains("the header of the model has more than 67108864 bytes", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_LengthNotAnnounced_IsReadFromTheHeader()
    {
        using var server = new FileServer(_ =>
            FileServer.Reply("200 OK", [Answers.Chunked], [.. Answers.Chunk(_trial.Content), .. "0\r\n\r\n"u8]));
        Assert.Contains("runs here; 1.2 MB to download", _trial.Pull(server.Url("m.gguf")).Expect(0).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pull_SplitModel_ChecksAllHeadersFirst(bool hasRanges)
    {
        byte[][] parts = ModelCopies.Split(3);
        Dictionary<string, FileServer> servers = parts.Index().ToDictionary(
            static part => $"m-0000{part.Index + 1}-of-00003.gguf",
            part => new FileServer(part.Item, new ServerBehaviour { Ranges = hasRanges }));
        using var server = new FileServer(request =>
            Answers.RedirectTo(servers[request.Target[(request.Target.LastIndexOf('/') + 1)..]].Url("x")));
        EdgertResult result = _trial.Pull(server.Url("m-00001-of-00003.gguf")).Expect(0);
        Assert.Contains("m-00001-of-00003.gguf: llama, runs here; 1.2 MB to download", result.ErrorLines[0], StringComparison.Ordinal);
        Assert.Equal(4, result.ErrorLines.Length);
        foreach ((string name, FileServer part) in servers)
        {
            Assert.Equal(part.Content, File.ReadAllBytes(_trial.File(name)));
            part.Dispose();
        }
    }

    [Fact]
    public void Pull_SplitModelWithAPartThatDoesNotRun_LeavesNothing()
    {
        byte[] other = ModelCopies.Alien(TensorType.I32, ("split.no", (ushort)1), ("split.count", (ushort)2));
        byte[][] parts = [ModelCopies.Split(2)[0], other];
        using var server = new FileServer(request => Answers.Whole(parts[request.Target[^15] - '1'], "\"v1\""));
        string error = _trial.Pull(server.Url("m-00001-of-00002.gguf")).ExpectErrorLine(1);
        Assert.Contains("no kernels for tensors of type I32", error, StringComparison.Ordinal);
        _trial.AssertNothingElse();
    }

    [Fact]
    public void Info_HubModelThatDoesNotRun_IsNotDownloaded()
    {
        using var hub = new HubTrial();
        hub.Add("m-Q4_K_M.gguf", ModelCopies.With(s_missing));
        foreach (string command in (string[])["info", "pull", "chat"])
        {
            string error = hub.Run(command, "hf:owner/repo").ExpectErrorLine(1);
            Assert.Contains("architecture 't5' is not supported", error, StringComparison.Ordinal);
            Assert.Empty(hub.Saved);
        }

        hub.Run("pull", "hf:owner/repo", "--force").Expect(0);
        Assert.Contains("runs here       no", hub.Run("info", "hf:owner/repo").Expect(0).Output, StringComparison.Ordinal);
    }

    private static byte[] Header(uint version, ulong tensors, ulong keys)
    {
        byte[] bytes = [.. "GGUF"u8, .. new byte[4], .. Number(tensors), .. Number(keys)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), version);
        return bytes;
    }

    private static byte[] Number(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
