using System;
using System.Buffers.Binary;
using System.IO;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Reads log-probabilities that <see cref="LogitsFileWriter"/> or llama.cpp has written.</summary>
internal sealed class LogitsFileReader : IBaseLogits, IDisposable
{
    private const int HeaderBytes = 20;
    private const int Batch = 64;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly byte[] _row;
    private readonly float[] _probabilities;
    private int _position;
    private int _count;
    private int _end;
    private long _chunkOffset;

    private LogitsFileReader(string path, FileStream file, ReadOnlySpan<int> header)
    {
        (_path, _file) = (path, file);
        (Context, Vocabulary, Chunks) = (header[0], header[1], header[2]);
        _row = new byte[LogitsFileWriter.RowWords(Vocabulary) * sizeof(ushort)];
        _probabilities = new float[Vocabulary];
        Tokens = new int[(long)Context * Chunks];
        file.ReadExactly(MemoryMarshal.AsBytes(Tokens.AsSpan()));
    }

    /// <summary>Gets the number of tokens of a chunk.</summary>
    public int Context { get; }

    /// <summary>Gets the number of tokens of the vocabulary.</summary>
    public int Vocabulary { get; }

    /// <summary>Gets the number of chunks.</summary>
    public int Chunks { get; }

    /// <summary>Gets the tokens, [chunks, context].</summary>
    public int[] Tokens { get; }

    /// <inheritdoc/>
    public float Cutoff => -16;

    /// <summary>Opens a file and checks its header, its size and its tokens.</summary>
    /// <exception cref="CommandException">The file can't be read, is no such file, or is cut short.</exception>
    public static LogitsFileReader Open(string path) => UserFile.Use(path, static name =>
    {
        FileStream file = UserFile.OpenRead(name);
        try
        {
            byte[] header = new byte[HeaderBytes];
            int length = file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
            if (length < HeaderBytes || !header.AsSpan().StartsWith(LogitsFileWriter.Magic))
            {
                throw new CommandException($"{name}: is no file of logits (found no '_logits_' at its start); --save-logits writes one");
            }

            Span<int> numbers = MemoryMarshal.Cast<byte, int>(header.AsSpan(LogitsFileWriter.Magic.Length));
            CheckHeader(name, numbers, file.Length);
            var reader = new LogitsFileReader(name, file, numbers);
            int wrong = reader.Tokens.AsSpan().IndexOfAnyExceptInRange(0, reader.Vocabulary - 1);
            return wrong < 0
                ? reader
                : throw new CommandException(
                    $"{name}: token {wrong} is {reader.Tokens[wrong]}; the vocabulary has {reader.Vocabulary} tokens; the file is damaged");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    });

    /// <inheritdoc/>
    public void Begin(int chunk, ChunkedText text, CancellationToken cancellationToken)
    {
        _position = _count = 0;
        _end = text.Scored;
        _chunkOffset = HeaderBytes + ((long)Tokens.Length * sizeof(int)) + ((long)chunk * text.Scored * _row.Length);
    }

    /// <inheritdoc/>
    public int Next(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _position += _count;
        return _count = Math.Min(Batch, _end - _position);
    }

    /// <inheritdoc/>
    public void Read(int row, Span<float> logProbabilities)
    {
        long offset = _chunkOffset + ((long)(_position + row) * _row.Length);
        _file.Position = offset;
        UserFile.Use(_path, _ => _file.ReadExactly(_row));
        float scale = BinaryPrimitives.ReadSingleLittleEndian(_row);
        float min = BinaryPrimitives.ReadSingleLittleEndian(_row.AsSpan(sizeof(float)));
        if (!float.IsFinite(scale) || !float.IsFinite(min) || scale < 0)
        {
            throw new CommandException(FormattableString.Invariant(
                $"{_path}: at byte {offset}: found the scale {scale} and the minimum {min}, expected finite numbers; the file is damaged"));
        }

        ReadOnlySpan<ushort> steps = MemoryMarshal.Cast<byte, ushort>(_row.AsSpan(2 * sizeof(float)));
        for (int i = 0; i < logProbabilities.Length; i++)
        {
            logProbabilities[i] = (scale * steps[i]) + min;
        }

        TensorPrimitives.Exp(logProbabilities, _probabilities);
        float sum = TensorPrimitives.Sum<float>(_probabilities);
        if (!(sum is > 0.9F and < 1.1F)) // NaN too; the least probable tokens are stored as a little more probable
        {
            throw new CommandException(FormattableString.Invariant(
                $"{_path}: at byte {offset}: found probabilities with the sum {sum:F2}, expected 1; the file is damaged"));
        }
    }

    public void Dispose() => _file.Dispose();

    private static void CheckHeader(string path, ReadOnlySpan<int> numbers, long length)
    {
        (int context, int vocabulary, int chunks) = (numbers[0], numbers[1], numbers[2]);
        Int128 tokens = (Int128)context * chunks * sizeof(int);
        bool isSound = context >= 4 && vocabulary >= 1 && vocabulary < int.MaxValue / 4 && chunks >= 1 && tokens <= length;
        Int128 rows = isSound ? (Int128)chunks * (context - 1 - (context / 2)) * LogitsFileWriter.RowWords(vocabulary) * sizeof(ushort) : 0;
        Int128 expected = HeaderBytes + tokens + rows;
        if (!isSound || expected > length || tokens / sizeof(int) > Array.MaxLength)
        {
            throw new CommandException(
                $"{path}: found {length} bytes with a context of {context}, {vocabulary} tokens in the vocabulary and {chunks} chunks, "
                + (isSound ? $"expected {expected} bytes; the file is cut short" : "which contradict each other; the file is damaged"));
        }
    }
}
