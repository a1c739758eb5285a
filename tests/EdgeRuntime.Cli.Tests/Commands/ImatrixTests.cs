using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Eval;
using EdgeRuntime.Cli.Tests.Support;
using EdgeRuntime.Quantization;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Cli.Tests.Commands;

/// <summary><c>edgert imatrix</c>: its files, interrupted runs, and what it refuses.</summary>
public sealed class ImatrixTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _text;

    public ImatrixTests() => _text = _folder.Write(
        "text.txt", string.Concat(Enumerable.Range(0, 60).Select(static i => $"Once upon a time {i} there was a little girl. ")));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Imatrix_OfAText_WritesAMatrixAndThePerplexity()
    {
        string path = _folder.File("a.gguf");
        EdgertResult result = Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "--chunks", "4", "-o", path).Expect(0);
        Assert.Matches(@"^Final estimate: PPL = [\d.]+ \+/- [\d.]+\n35 tensors, 4 chunks of 64 tokens\n$", result.Output);
        ImportanceMatrix matrix = ImportanceMatrix.Load(path);
        Assert.Equal((4, 64, _text, (string?)null),
            (matrix.ChunkCount, matrix.ChunkSize, Assert.Single(matrix.Datasets), matrix.UnfinishedRun));

        string error = Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "-o", path).ExpectErrorLine(1);
        Assert.Contains("exists already; --force replaces it", error, StringComparison.Ordinal);
        Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "--chunks", "2", "--no-ppl", "-o", path, "--force").Expect(0);
        Assert.Equal(2, ImportanceMatrix.Load(path).ChunkCount);
    }

    [Fact]
    public void Imatrix_AfterAnInterruption_GoesOnAndGivesTheSameFile()
    {
        string whole = _folder.File("whole.gguf");
        Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "--chunks", "6", "-o", whole).Expect(0);

        // What an interruption after three chunks leaves.
        string part = _folder.File("part.gguf");
        Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "--chunks", "3", "-o", part).Expect(0);
        ImportanceMatrix unfinished = ImportanceMatrix.Load(part);
        using (var model = LanguageModel.Load(Edgert.Stories))
        {
            ChunkedText text = ChunkedText.Read(model.Tokenizer, [_text], new ChunkSettings(64) { Most = 6 });
            unfinished.UnfinishedRun = RunState.Fingerprint([Edgert.Stories], text.Hash(), false) + " 3";
        }

        unfinished.Save(part);
        string other = Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "32", "--chunks", "6", "-o", part).ExpectErrorLine(1);
        Assert.Contains("unfinished matrix of another model, text or options", other, StringComparison.Ordinal);
        Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "--chunks", "6", "-o", part).Expect(0);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(part));
    }

    [Fact]
    public void Imatrix_OfSeveralFiles_IsTheirSum()
    {
        string first = _folder.File("first.gguf");
        string second = _folder.File("second.gguf");
        string sum = _folder.File("sum.gguf");
        Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "--chunks", "2", "-o", first).Expect(0);
        Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "--chunks", "3", "-o", second, "--in-file", first).Expect(0);
        Assert.Equal(5, ImportanceMatrix.Load(second).ChunkCount);
        Edgert.Run("imatrix", "--in-file", first, "--in-file", second, "-o", sum).Expect(0);
        Assert.Equal(7, ImportanceMatrix.Load(sum).ChunkCount);
        Assert.Equal(3, ImportanceMatrix.Load(sum).Datasets.Count);
    }

    /// <summary>Figures that llama.cpp's tool prints for its own matrix follow from the sums in it.</summary>
    [Fact]
    public void Imatrix_ShowStatistics_DescribesEachTensorAndLayer()
    {
        string matrix = SharedData.Require("models/tiny-novel.imatrix.gguf");
        string output = Edgert.Run("imatrix", "--show-statistics", "--in-file", matrix).Expect(0).Output;
        string[] lines = output.Split('\n');
        Assert.Equal(8, lines.Count(static line => line.Contains(" attn_q ", StringComparison.Ordinal)));
        Assert.Equal(8, lines.SkipWhile(static line => !line.StartsWith("Means", StringComparison.Ordinal)).Skip(3)
            .Count(static line => line.Length > 0));
        ImportanceStatistics statistics = ImportanceMatrix.Load(matrix).ComputeStatistics()
            .Single(static item => item.Tensor == "blk.1.attn_q.weight");
        Assert.Equal((256, (int?)1), (statistics.Columns, statistics.Layer));
        Assert.InRange(statistics.Similarity, 0.01, 1);
        Assert.InRange(statistics.Entropy, 1, 8);
        Assert.InRange(statistics.Mean, statistics.Least, statistics.Greatest);
    }

    [Fact]
    public void Imatrix_WhatCannotBeWrittenOrRead_IsOneLineAndNothingIsLost()
    {
        string model = _folder.File("model.gguf");
        File.Copy(Edgert.Stories, model);
        string line = Edgert.Run("imatrix", Edgert.Stories, "-f", _text, "-c", "64", "-o", model, "--force").ExpectErrorLine(1);
        Assert.Contains("exists already and is no importance matrix", line, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Edgert.Stories), File.ReadAllBytes(model));
        Assert.Contains(
            "name an importance matrix, not a model",
            Edgert.Run("imatrix", "--in-file", model, "-o", _folder.File("x")).ExpectErrorLine(1), StringComparison.Ordinal);
        Assert.Contains(
            "no such file",
            Edgert.Run("imatrix", Edgert.Stories, "-f", _folder.File("absent.txt"), "-o", _folder.File("x")).ExpectErrorLine(1),
            StringComparison.Ordinal);
        Assert.Contains(
            "expected a text (-f) to measure", Edgert.Run("imatrix", Edgert.Stories, "-o", _folder.File("x")).ExpectErrorLine(2),
            StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("x")));
    }
}
