using System;
using System.IO;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Eval;

/// <summary>
/// Writes log-probabilities as llama.cpp's <c>--kl-divergence-base</c> does: <c>_logits_</c>, int32 context, vocabulary and chunks, the
/// tokens [chunks, context], and for each scored position float32 scale and minimum and uint16 steps [vocabulary], padded to even.
/// Source: llama.cpp, tools/perplexity.
/// </summary>
internal sealed class LogitsFileWriter : IDisposable
{
    /// <summary>The first bytes of a file.</summary>
    public static ReadOnlySpan<byte> Magic => "_logits_"u8;

    /// <summary>The greatest distance from the most probable token that is stored.</summary>
    private const float Range = 16;

    private readonly FileReplacement _file;
    private readonly BufferedStream _buffer;
    private readonly LogSoftmax _softmax;
    private readonly ushort[] _row;

    /// <summary>Begins a file.</summary>
    /// <exception cref="CommandException">The file can't be written.</exception>
    public LogitsFileWriter(string path, ChunkedText text, int vocabulary)
    {
        _file = UserFile.Create(path, text.Files);
        _buffer = new BufferedStream(_file, 1 << 20);
        _softmax = new LogSoftmax(vocabulary);
        _row = new ushort[RowWords(vocabulary)];
        _buffer.Write(Magic);
        _buffer.Write(MemoryMarshal.AsBytes<int>([text.Context, vocabulary, text.Count]));
        _buffer.Write(MemoryMarshal.AsBytes<int>(text.AllTokens()));
    }

    /// <summary>Gets the number of 16-bit words of a position.</summary>
    public static int RowWords(int vocabulary) => checked((2 * ((vocabulary + 1) / 2)) + 4);

    /// <summary>Writes the logits of the next scored position.</summary>
    public void Write(ReadOnlySpan<float> logits)
    {
        _softmax.Read(logits);
        float max = _softmax.Max;
        float min = MathF.Max(TensorPrimitives.Min(logits), max - Range);
        float scale = (max - min) / ushort.MaxValue;
        Span<float> head = MemoryMarshal.Cast<ushort, float>(_row.AsSpan(0, 4));
        head[0] = scale;
        head[1] = min - max - (float)_softmax.LogSum;
        Span<ushort> steps = _row.AsSpan(4);
        steps.Clear();
        for (int i = 0; scale > 0 && i < logits.Length; i++)
        {
            steps[i] = logits[i] > min ? (ushort)MathF.Min(MathF.Round(1 / scale * (logits[i] - min)), ushort.MaxValue) : (ushort)0;
        }

        _buffer.Write(MemoryMarshal.AsBytes<ushort>(_row));
    }

    /// <summary>Completes the file.</summary>
    public void Commit()
    {
        _buffer.Flush();
        _file.Commit();
    }

    /// <summary>Leaves an old file as it was, unless the new one is complete.</summary>
    public void Dispose() => _file.Dispose();
}
