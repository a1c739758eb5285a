using System;
using System.Collections.Generic;
using System.Text;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Embeddings;

/// <summary>How a reranker reads a query with a document: a template, or one after the other with the tokens of the vocabulary.</summary>
/// <param name="Template">A text with <c>{query}</c> and <c>{document}</c>, or null.</param>
/// <param name="Separator">A token between the two, after that which ends the query; null for none.</param>
internal sealed record PairFormat(string? Template, int? Separator)
{
    private const string QueryMark = "{query}";
    private const string DocumentMark = "{document}";

    /// <summary>Gets the format of a model without a file.</summary>
    public static PairFormat Default { get; } = new(null, null);

    /// <summary>Reads the format of a file.</summary>
    public static PairFormat Read(GgufFile file)
    {
        // In a WordPiece vocabulary the separator ends every text, so it is there already.
        GgufMetadata metadata = file.Metadata;
        bool addsSeparator = metadata.GetString("tokenizer.ggml.model", "") != "bert"
            && metadata.GetBoolean("tokenizer.ggml.add_sep_token", false);
        string template = metadata.GetString("tokenizer.chat_template.rerank", "");
        int? separator = addsSeparator ? metadata.GetInt32("tokenizer.ggml.seperator_token_id") : null; // the format's spelling
        return new PairFormat(template.Length > 0 ? template : null, separator);
    }

    /// <summary>Encodes a query with a document.</summary>
    /// <remarks>Source: llama.cpp, examples/embedding and format_prompt_rerank of its server.</remarks>
    public int[] Encode(Tokenizer tokenizer, string query, string document, bool parseSpecial)
    {
        ArgumentNullException.ThrowIfNull(document);
        if (Template is not null)
        {
            return [.. tokenizer.Encode(Fill(Template, query, document, parseSpecial), addSpecial: false)];
        }

        List<int> tokens = [.. tokenizer.Encode(query, addSpecial: true, parseSpecial)];
        if (Separator is { } separator)
        {
            tokens.Add(separator);
        }

        int[] second = tokenizer.Encode(document, addSpecial: true, parseSpecial);
        for (int i = second.Length > 0 && second[0] == tokenizer.BeginOfSequence ? 1 : 0; i < second.Length; i++)
        {
            tokens.Add(second[i]);
        }

        return [.. tokens];
    }

    /// <summary>
    /// Puts the query and the document in their places. Control tokens in them are plain text unless they are to be parsed.
    /// </summary>
    private static PromptText Fill(string template, string query, string document, bool parseSpecial)
    {
        var text = new StringBuilder();
        List<Range> data = [];
        for (int i = 0; i < template.Length;)
        {
            (string mark, string value) = template.AsSpan(i).StartsWith(QueryMark, StringComparison.Ordinal) ? (QueryMark, query)
                : template.AsSpan(i).StartsWith(DocumentMark, StringComparison.Ordinal) ? (DocumentMark, document)
                : ("", "");
            if (mark.Length == 0)
            {
                text.Append(template[i++]);
                continue;
            }

            data.Add(text.Length..(text.Length + value.Length));
            text.Append(value);
            i += mark.Length;
        }

        return new PromptText(text.ToString(), parseSpecial ? [] : data);
    }
}
