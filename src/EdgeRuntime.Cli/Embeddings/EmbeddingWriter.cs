using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace EdgeRuntime.Cli.Embeddings;

/// <summary>The forms in which <c>edgert embed</c> writes embeddings.</summary>
internal enum EmbeddingFormat
{
    /// <summary>One object, as the services of OpenAI give it.</summary>
    Json,

    /// <summary>An object on each line.</summary>
    Jsonl,

    /// <summary>Float32, little endian, and nothing else.</summary>
    Raw,
}

/// <summary>Writes bytes to a file or to standard output.</summary>
internal delegate void ByteSink(ReadOnlySpan<byte> bytes);

/// <summary>Writes embeddings one after the other, each in one piece.</summary>
/// <param name="output">Where to write.</param>
/// <param name="format">The form.</param>
/// <param name="model">The name of the model.</param>
/// <param name="isPerToken">Whether an embedding is a list of vectors, one for each token.</param>
internal sealed class EmbeddingWriter(ByteSink output, EmbeddingFormat format, string model, bool isPerToken)
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private int _count;
    private long _tokens;

    private static ReadOnlySpan<byte> Begin => "{\"object\":\"list\",\"data\":[\n"u8;

    /// <summary>Writes one embedding.</summary>
    public void Write(TextEmbedding embedding)
    {
        if (format == EmbeddingFormat.Raw)
        {
            WriteFloats(embedding.Values.Span);
        }
        else
        {
            bool isList = format == EmbeddingFormat.Json;
            _line.ResetWrittenCount();
            _line.Write(!isList ? ""u8 : _count == 0 ? Begin : ",\n"u8);
            using (var json = new Utf8JsonWriter(_line))
            {
                WriteObject(json, embedding, isList);
            }

            _line.Write(isList ? ""u8 : "\n"u8);
            output(_line.WrittenSpan);
        }

        _count++;
        _tokens += embedding.TokenCount;
    }

    /// <summary>Writes what follows the last embedding.</summary>
    public void End()
    {
        if (format != EmbeddingFormat.Json)
        {
            return;
        }

        _line.ResetWrittenCount();
        _line.Write(_count == 0 ? Begin : "\n"u8);
        _line.Write("],\"model\":"u8);
        using (var json = new Utf8JsonWriter(_line))
        {
            json.WriteStringValue(model);
        }

        _line.Write(Encoding.ASCII.GetBytes(
            FormattableString.Invariant($",\"usage\":{{\"prompt_tokens\":{_tokens},\"total_tokens\":{_tokens}}}}}\n")));
        output(_line.WrittenSpan);
    }

    private void WriteObject(Utf8JsonWriter json, TextEmbedding embedding, bool isList)
    {
        json.WriteStartObject();
        if (isList)
        {
            json.WriteString("object"u8, "embedding"u8);
        }

        json.WriteNumber("index"u8, _count);
        json.WritePropertyName("embedding"u8);
        if (!isPerToken)
        {
            WriteVector(json, embedding.Values.Span);
        }
        else
        {
            json.WriteStartArray();
            for (int row = 0; row < embedding.Rows; row++)
            {
                WriteVector(json, embedding.Values.Span.Slice(row * embedding.Size, embedding.Size));
            }

            json.WriteEndArray();
        }

        if (!isList)
        {
            json.WriteNumber("tokens"u8, embedding.TokenCount);
        }

        if (embedding.IsTruncated)
        {
            json.WriteBoolean("truncated"u8, true);
        }

        json.WriteEndObject();
    }

    private static void WriteVector(Utf8JsonWriter json, ReadOnlySpan<float> vector)
    {
        json.WriteStartArray();
        foreach (float value in vector)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    private void WriteFloats(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        output(bytes);
    }
}
