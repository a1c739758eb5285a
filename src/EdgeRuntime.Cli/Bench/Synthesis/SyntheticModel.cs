using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>Writes a GGUF file with random weights in a named shape and type, for measurements of speed only.</summary>
internal static class SyntheticModel
{
    private const int ContextLength = 32_768;
    private const int ChunkBytes = 4 << 20;
    private const int NormalToken = 1;
    private const int ControlToken = 3;
    private const int ByteTokens = 256;

    /// <summary>The minimum size of a vocabulary: the bytes, one merge and an end-of-text token.</summary>
    public const int LeastVocabulary = ByteTokens + 2;

    /// <summary>Writes a file.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="mix">Types.</param>
    /// <param name="output">Receives the file.</param>
    public static void Write(ModelShape shape, TypeMix mix, Stream output)
    {
        var writer = new GgufWriter(output);
        AddKeys(writer, shape, mix);
        AddVocabulary(writer, shape.Vocabulary);
        IReadOnlyList<(string Name, TensorType Type, int Columns, int Rows)> tensors = [.. Tensors(shape, mix)];
        foreach ((string name, TensorType type, int columns, int rows) in tensors)
        {
            if (rows == 1)
            {
                writer.AddTensor(name, type, columns);
            }
            else
            {
                writer.AddTensor(name, type, columns, rows);
            }
        }

        var random = new RandomBlocks(seed: 1);
        foreach ((_, TensorType type, int columns, int rows) in tensors)
        {
            WriteTensor(writer, random, type, columns, rows);
        }

        writer.Complete();
    }

    private static void AddKeys(GgufWriter writer, ModelShape shape, TypeMix mix)
    {
        writer.AddKey("general.architecture", "llama");
        writer.AddKey("general.name", $"{shape.Name} with random weights");
        writer.AddKey("general.file_type", (uint)ModelCard.FileTypeNumber(mix.Name));
        writer.AddKey("general.quantization_version", 2u);
        writer.AddKey("llama.context_length", (uint)ContextLength);
        writer.AddKey("llama.embedding_length", (uint)shape.Hidden);
        writer.AddKey("llama.block_count", (uint)shape.Layers);
        writer.AddKey("llama.feed_forward_length", (uint)shape.FeedForward);
        writer.AddKey("llama.rope.dimension_count", (uint)shape.HeadLength);
        writer.AddKey("llama.rope.freq_base", 500_000f);
        writer.AddKey("llama.attention.head_count", (uint)shape.Heads);
        writer.AddKey("llama.attention.head_count_kv", (uint)shape.KvHeads);
        writer.AddKey("llama.attention.key_length", (uint)shape.HeadLength);
        writer.AddKey("llama.attention.value_length", (uint)shape.HeadLength);
        writer.AddKey("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.AddKey("llama.vocab_size", (uint)shape.Vocabulary);
    }

    /// <summary>Adds a byte-level vocabulary: the 256 bytes, one merge, invented words, and an end-of-text token.</summary>
    private static void AddVocabulary(GgufWriter writer, int size)
    {
        string[] bytes = [.. ByteCharacters().Select(character => character.ToString())];
        string[] tokens =
        [
            .. bytes,
            "to",
            .. Enumerable.Range(0, size - LeastVocabulary).Select(index => FormattableString.Invariant($"tok_{index}")),
            "<|endoftext|>",
        ];
        int[] types = new int[size];
        types.AsSpan().Fill(NormalToken);
        types[^1] = ControlToken;
        writer.AddKey("tokenizer.ggml.model", "gpt2");
        writer.AddKey("tokenizer.ggml.pre", "gpt-2");
        writer.AddKey("tokenizer.ggml.tokens", tokens);
        writer.AddKey("tokenizer.ggml.token_type", types);
        writer.AddKey("tokenizer.ggml.merges", (string[])["t o"]);
        writer.AddKey("tokenizer.ggml.bos_token_id", (uint)(size - 1));
        writer.AddKey("tokenizer.ggml.eos_token_id", (uint)(size - 1));
    }

    /// <summary>Gets the characters that stand for bytes in byte-level vocabularies.</summary>
    /// <remarks>Printable Latin-1 characters stand for themselves, the others are numbered from U+0100 on.</remarks>
    private static IEnumerable<char> ByteCharacters()
    {
        int others = 0;
        for (int value = 0; value < ByteTokens; value++)
        {
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            yield return isPrintable ? (char)value : (char)(ByteTokens + others++);
        }
    }

    private static IEnumerable<(string Name, TensorType Type, int Columns, int Rows)> Tensors(ModelShape shape, TypeMix mix)
    {
        (TensorType embedding, TensorType output) = mix.OfEnds(shape.Tied, shape.Hidden);
        yield return ("token_embd.weight", embedding, shape.Hidden, shape.Vocabulary);
        int queryWidth = shape.Heads * shape.HeadLength;
        int kvWidth = shape.KvHeads * shape.HeadLength;
        (string Name, int Columns, int Rows)[] matrices =
        [
            ("attn_q", shape.Hidden, queryWidth), ("attn_k", shape.Hidden, kvWidth), ("attn_v", shape.Hidden, kvWidth),
            ("attn_output", queryWidth, shape.Hidden),
            ("ffn_gate", shape.Hidden, shape.FeedForward), ("ffn_up", shape.Hidden, shape.FeedForward),
            ("ffn_down", shape.FeedForward, shape.Hidden),
        ];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string prefix = FormattableString.Invariant($"blk.{layer}.");
            yield return (prefix + "attn_norm.weight", TensorType.F32, shape.Hidden, 1);
            yield return (prefix + "ffn_norm.weight", TensorType.F32, shape.Hidden, 1);
            foreach ((string name, int columns, int rows) in matrices)
            {
                yield return ($"{prefix}{name}.weight", mix.OfLayer(name, layer, shape, columns), columns, rows);
            }
        }

        yield return ("output_norm.weight", TensorType.F32, shape.Hidden, 1);
        if (!shape.Tied)
        {
            yield return ("output.weight", output, shape.Hidden, shape.Vocabulary);
        }
    }

    private static void WriteTensor(GgufWriter writer, RandomBlocks random, TensorType type, int columns, int rows)
    {
        if (rows == 1)
        {
            float[] ones = new float[columns];
            ones.AsSpan().Fill(1);
            writer.WriteData(MemoryMarshal.AsBytes<float>(ones));
            return;
        }

        int rowBytes = columns / type.GetBlockElements() * type.GetBlockBytes();
        byte[] chunk = new byte[Math.Max(1, ChunkBytes / rowBytes) * rowBytes];
        for (long left = (long)rows * rowBytes; left > 0;)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(left, chunk.Length));
            random.Fill(type, part);
            writer.WriteData(part);
            left -= part.Length;
        }
    }
}
