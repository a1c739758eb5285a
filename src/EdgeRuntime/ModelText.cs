using EdgeRuntime.Embeddings;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>Holds the tokenizer and the templates of a model file.</summary>
/// <param name="Tokenizer">The tokenizer, or null if its kind is not supported.</param>
/// <param name="TokenizerProblem">The reason why there is no tokenizer.</param>
/// <param name="ChatTemplate">The chat template, or null if the file has none.</param>
/// <param name="Pairs">How a reranker reads a query with a document.</param>
internal sealed record ModelText(Tokenizer? Tokenizer, string? TokenizerProblem, ChatTemplate? ChatTemplate, PairFormat Pairs)
{
    /// <summary>Reads the tokenizer and the templates of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="preTokenizer">The name of the pre-tokenizer, or null for the one that the file names.</param>
    /// <exception cref="ModelFormatException">The vocabulary or the template is damaged.</exception>
    public static ModelText Read(GgufFile file, string? preTokenizer)
    {
        (Tokenizer? tokenizer, string? problem) = ReadTokenizer(file, preTokenizer);
        return Read(file, tokenizer, problem);
    }

    /// <summary>Reads the templates of a file whose tokenizer was read before.</summary>
    /// <exception cref="ModelFormatException">The template is damaged.</exception>
    public static ModelText Read(GgufFile file, Tokenizer? tokenizer, string? tokenizerProblem) =>
        new(tokenizer, tokenizerProblem, ReadChatTemplate(file), PairFormat.Read(file));

    /// <summary>Creates the tokenizer, or returns the reason why its kind is not supported. Such a model still runs on token ids.</summary>
    /// <exception cref="ModelFormatException">The vocabulary is damaged.</exception>
    public static (Tokenizer? Tokenizer, string? Problem) ReadTokenizer(GgufFile file, string? preTokenizer)
    {
        try
        {
            return (GgufVocabulary.CreateTokenizer(file, preTokenizer), null);
        }
        catch (UnsupportedModelException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>Checks that the vocabulary has as many tokens as the embedding has rows.</summary>
    /// <exception cref="ModelFormatException">The numbers differ.</exception>
    public void CheckVocabulary(GgufFile file, int rows)
    {
        if (Tokenizer is not null && Tokenizer.VocabularySize != rows)
        {
            throw new ModelFormatException(
                file.Path, -1, $"tokenizer.ggml.tokens has {Tokenizer.VocabularySize} tokens; the embedding has {rows} rows");
        }
    }

    private static ChatTemplate? ReadChatTemplate(GgufFile file)
    {
        string source = file.Metadata.GetString("tokenizer.chat_template", string.Empty);
        if (source.Length == 0)
        {
            return null;
        }

        try
        {
            return ChatTemplate.Parse(source);
        }
        catch (ChatTemplateException exception)
        {
            throw new ModelFormatException(file.Path, -1, $"tokenizer.chat_template: {exception.Message}");
        }
    }
}
