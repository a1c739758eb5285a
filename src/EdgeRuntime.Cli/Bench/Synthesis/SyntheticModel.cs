using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Quantization;

namespace EdgeRuntime.Cli.Bench.Synthesis;

/// <summary>Writes a GGUF file with random weights in a named shape and type, for measurements of speed only.</summary>
internal static class SyntheticModel
{
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
    public static void Write(ModelShape shape, QuantizationMix mix, Stream output)
    {
        var writer = new GgufWriter(output);
        AddKeys(writer, shape, mix);
        AddVocabulary(writer, shape.Vocabulary);
        IReadOnlyList<(TensorShape Shape, TensorType Type)> tensors = [.. Tensors(shape, mix)];
        foreach ((TensorShape tensor, TensorType type) in tensors)
        {
            writer.AddTensor(tensor.Name, type, tensor.Dimensions);
        }

        var random = new RandomBlocks(seed: 1);
        foreach ((TensorShape tensor, TensorType type) in tensors)
        {
            WriteTensor(writer, random, tensor, type);
        }

        writer.Complete();
    }

    private static void AddKeys(GgufWriter writer, ModelShape shape, QuantizationMix mix)
    {
        writer.AddKey("general.architecture", shape.Family.Architecture);
        writer.AddKey("general.name", $"{shape.Name} with random weights");
        writer.AddKey("general.file_type", (uint)mix.FileType);
        writer.AddKey("general.quantization_version", 2u);
        foreach ((string key, object value) in shape.Family.KeysOf(shape))
        {
            writer.AddKey($"{shape.Family.Architecture}.{key}", value);
        }
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

    /// <summary>
    /// Gets the tensors with their types: those of a file that was quantized with an importance matrix where its type requires one.
    /// </summary>
    private static IEnumerable<(TensorShape Shape, TensorType Type)> Tensors(ModelShape shape, QuantizationMix mix)
    {
        TensorShape[] tensors = [.. Shapes(shape)];
        TensorDescription[] descriptions =
            Array.ConvertAll(tensors, static tensor => new TensorDescription(tensor.Name, TensorType.F32, tensor.Dimensions));
        IReadOnlyList<TensorType> types = mix.ChooseTypes(shape.ForQuantization(), descriptions, mix.RequiresImportance);
        return tensors.Zip(types, static (tensor, type) => (tensor, tensor.IsFloat || tensor.Constant is not null ? TensorType.F32 : type));
    }

    private static IEnumerable<TensorShape> Shapes(ModelShape shape)
    {
        yield return TensorShape.OfMatrix("token_embd", shape.Hidden, shape.Vocabulary);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            foreach (TensorShape tensor in shape.Family.Layer(shape, layer))
            {
                yield return tensor with { Name = FormattableString.Invariant($"blk.{layer}.{tensor.Name}") };
            }
        }

        yield return TensorShape.OfNorm(shape.Family.OutputNorm, shape.Hidden);
        if (!shape.Tied)
        {
            yield return TensorShape.OfMatrix("output", shape.Hidden, shape.Vocabulary);
        }
    }

    private static void WriteTensor(GgufWriter writer, RandomBlocks random, TensorShape tensor, TensorType type)
    {
        int rowBytes = tensor.Columns / type.GetBlockElements() * type.GetBlockBytes();
        byte[] chunk = new byte[(int)Math.Clamp(ChunkBytes / rowBytes, 1, tensor.Rows) * rowBytes];
        for (long left = tensor.Rows * rowBytes; left > 0;)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(left, chunk.Length));
            if (tensor.Constant is { } value)
            {
                MemoryMarshal.Cast<byte, float>(part).Fill(value);
            }
            else
            {
                random.Fill(type, part);
            }

            writer.WriteData(part);
            left -= part.Length;
        }
    }
}
