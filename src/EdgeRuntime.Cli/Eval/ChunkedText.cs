using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>How texts are cut into chunks.</summary>
/// <param name="Context">The number of tokens of a chunk.</param>
internal sealed record ChunkSettings(int Context)
{
    /// <summary>Gets the distance between the starts of two chunks, which overlap then; 0 for chunks side by side.</summary>
    public int Stride { get; init; }

    /// <summary>Gets the number of chunks to leave out at the start of each text.</summary>
    public int Skip { get; init; }

    /// <summary>Gets the largest number of chunks of all texts; -1 for no limit.</summary>
    public int Most { get; init; } = -1;

    /// <summary>Gets whether special tokens in the text are read as such.</summary>
    public bool ParseSpecial { get; init; }
}

/// <summary>
/// The tokens of texts, cut into chunks as llama.cpp does. A text is tokenized once. BOS takes the first place of each chunk where the
/// vocabulary adds one, except with a stride. Source: llama.cpp, tools/perplexity.
/// </summary>
internal sealed class ChunkedText
{
    private readonly int? _begin;
    private readonly List<(int File, int[] Tokens, int Start)> _chunks = [];

    private ChunkedText(ChunkSettings settings, IReadOnlyList<string> files, int? begin)
    {
        Files = files;
        _begin = begin;
        Context = settings.Context + (settings.Stride / 2);
        First = settings.Stride > 0 ? Context - settings.Stride - 1 : Context / 2;
    }

    /// <summary>Gets the paths of the texts.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Gets the number of tokens of a chunk.</summary>
    public int Context { get; }

    /// <summary>Gets the first position of a chunk whose logits predict a scored token. The last is the one before the end.</summary>
    public int First { get; }

    /// <summary>Gets the number of chunks.</summary>
    public int Count => _chunks.Count;

    /// <summary>Gets the number of scored tokens of a chunk.</summary>
    public int Scored => Context - 1 - First;

    /// <summary>Tokenizes texts and cuts them into chunks.</summary>
    /// <exception cref="UsageException">The context is too short, or the stride too long for it.</exception>
    /// <exception cref="CommandException">A text is too short.</exception>
    public static ChunkedText Read(Tokenizer tokenizer, IReadOnlyList<string> files, ChunkSettings settings)
    {
        Check(settings);

        // The tokens of an empty text show whether the vocabulary adds BOS.
        bool adds = tokenizer.Encode("", addSpecial: true).FirstOrDefault(-1) == tokenizer.BeginOfSequence;
        var text = new ChunkedText(settings, files, adds && settings.Stride == 0 ? tokenizer.BeginOfSequence : null);
        for (int file = 0; file < files.Count; file++)
        {
            int[] tokens = tokenizer.Encode(UserFile.ReadText(files[file]), addSpecial: true, settings.ParseSpecial);
            text.Add(file, tokens, settings);
        }

        return text;
    }

    /// <summary>Makes chunks of tokens that another program has cut already.</summary>
    /// <param name="tokenizer">The tokenizer of the model.</param>
    /// <param name="source">The path of the file that the tokens are from.</param>
    /// <param name="tokens">[chunks, context].</param>
    /// <param name="context">The number of tokens of a chunk.</param>
    /// <param name="most">The largest number of chunks; -1 for no limit.</param>
    public static ChunkedText Of(Tokenizer tokenizer, string source, int[] tokens, int context, int most)
    {
        bool adds = tokenizer.Encode("", addSpecial: true).FirstOrDefault(-1) == tokenizer.BeginOfSequence;
        var text = new ChunkedText(new ChunkSettings(context), [source], adds ? tokenizer.BeginOfSequence : null);
        text.Cut(0, tokens, new ChunkSettings(context) { Most = most });
        return text;
    }

    /// <summary>Gets the index of the text that a chunk is a part of.</summary>
    public int FileOf(int chunk) => _chunks[chunk].File;

    /// <summary>Gets the tokens of a chunk as they are in the text, [Context].</summary>
    public ReadOnlySpan<int> Tokens(int chunk) => _chunks[chunk].Tokens.AsSpan(_chunks[chunk].Start, Context);

    /// <summary>Gets the tokens of a chunk that the model reads, [Context].</summary>
    public int[] Input(int chunk)
    {
        int[] input = Tokens(chunk).ToArray();
        input[0] = _begin ?? input[0];
        return input;
    }

    /// <summary>Gets the tokens of all chunks, [Count, Context].</summary>
    public int[] AllTokens() => [.. Enumerable.Range(0, Count).SelectMany(chunk => Tokens(chunk).ToArray())];

    /// <summary>Computes a hash of the tokens of all chunks, which tells whether two runs scored the same text.</summary>
    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(AllTokens())).AsSpan(0, 16));

    private static void Check(ChunkSettings settings)
    {
        if (settings.Context < 4)
        {
            throw new UsageException($"--ctx {settings.Context}: expected 4 or more");
        }

        if (settings.Stride >= settings.Context)
        {
            throw new UsageException($"--stride {settings.Stride}: expected less than the {settings.Context} of --ctx");
        }

        if (settings.Most == 0)
        {
            throw new UsageException("--chunks 0: expected 1 or more, or -1 for all");
        }
    }

    private void Add(int file, int[] tokens, ChunkSettings settings)
    {
        int needed = settings.Stride > 0 ? Context + 1 : (settings.Skip + 2) * Context;
        if (tokens.Length < needed)
        {
            throw new CommandException(
                $"{Files[file]}: the text has {tokens.Length} tokens; at least {needed} are needed with --ctx {settings.Context}");
        }

        Cut(file, tokens, settings);
    }

    private void Cut(int file, int[] tokens, ChunkSettings settings)
    {
        int step = settings.Stride > 0 ? settings.Stride : Context;
        int end = tokens.Length - Context - (settings.Stride > 0 ? 1 : 0); // llama.cpp makes no strided chunk that only ends the text
        for (int start = settings.Skip * Context; start <= end && (settings.Most < 0 || Count < settings.Most); start += step)
        {
            _chunks.Add((file, tokens, start));
        }
    }
}
