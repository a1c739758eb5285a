using System;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

public sealed class ConvertTests
{
    private const string Config =
        """
        {"architectures":["GPT2LMHeadModel"],"n_embd":32,"n_head":2,"n_layer":1,"n_ctx":64,"vocab_size":3,"layer_norm_epsilon":1e-5}
        """;

    [Fact]
    public void Convert_SmallFolder_WritesAFileThatInfoReads()
    {
        using var folder = new TemporaryFolder();
        WriteModel(folder);
        string output = folder.File("out.gguf");

        JsonElement json = Edgert.Run("convert", folder.Path, output, "--type", "f16", "--json").Expect(0).Json;

        Assert.Equal("gpt2", json.GetProperty("architecture").GetString());
        Assert.Equal("F16", json.GetProperty("type").GetString());
        Assert.Equal(new FileInfo(output).Length, json.GetProperty("bytes").GetInt64());
        Assert.True(Edgert.Run("info", "--json", output).Expect(0).Json.GetProperty("runs_here").GetBoolean());
    }

    [Fact]
    public void Convert_WrongArguments_SayWhatInOneLine()
    {
        using var folder = new TemporaryFolder();
        WriteModel(folder);
        string output = folder.File("out.gguf");
        foreach ((string[] arguments, string expected) in ((string[], string)[])
            [
                ([folder.Path, output, "--type", "Q4_K"], "expected F32, F16, BF16, Q8_0 or auto"),
                ([folder.File("nowhere"), output], "no such folder"),
                ([folder.Path, folder.Path], "is a folder, expected a file"),
                ([folder.Path, output, "--pre-tokenizer", "no-such"], "if another one fits, choose it with --pre-tokenizer: "),
            ])
        {
            EdgertResult result = Edgert.Run(["convert", .. arguments]);
            Assert.NotEqual(0, result.ExitCode);
            Assert.Contains(expected, result.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(output));
        }
    }

    private static void WriteModel(TemporaryFolder folder)
    {
        folder.Write("config.json", Config);
        folder.Write(
            "tokenizer.json",
            """
            {"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"use_regex":true},
             "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
            """);
        SafetensorsWriter.Write(
            folder.File("model.safetensors"),
            [
                ("wte.weight", [3, 32], new float[96]), ("wpe.weight", [64, 32], new float[2048]),
                ("ln_f.weight", [32], new float[32]), ("ln_f.bias", [32], new float[32]),
                ("h.0.ln_1.weight", [32], new float[32]), ("h.0.ln_1.bias", [32], new float[32]),
                ("h.0.ln_2.weight", [32], new float[32]), ("h.0.ln_2.bias", [32], new float[32]),
                ("h.0.attn.c_attn.weight", [32, 96], new float[3072]), ("h.0.attn.c_attn.bias", [96], new float[96]),
                ("h.0.attn.c_proj.weight", [32, 32], new float[1024]), ("h.0.attn.c_proj.bias", [32], new float[32]),
                ("h.0.mlp.c_fc.weight", [32, 128], new float[4096]), ("h.0.mlp.c_fc.bias", [128], new float[128]),
                ("h.0.mlp.c_proj.weight", [128, 32], new float[4096]), ("h.0.mlp.c_proj.bias", [32], new float[32]),
            ]);
    }
}
