using EdgeRuntime.Generation;
using EdgeRuntime.Gguf;
using EdgeRuntime.Tokenizers;

namespace EdgeRuntime;

/// <summary>What a model's file says about text.</summary>
/// <param name="Tokenizer">The vocabulary, or null.</param>
/// <param name="TokenizerProblem">Why there is none.</param>
/// <param name="ChatTemplate">The template, or null where the file has none.</param>
internal sealed record ModelText(Tokenizer? Tokenizer, string? TokenizerProblem, ChatTemplate? ChatTemplate)
{
    /// <summary>Reads tokenizer and template.</summary>
    /// <exception cref="ModelFormatException">One of them is damaged.</exception>
    public static ModelText Read(GgufFile file)
    {
        (Tokenizer? tokenizer, string? problem) = ReadTokenizer(file);
        return new ModelText(tokenizer, problem, ReadChatTemplate(file));
    }

    /// <summary>Refuses a vocabulary with another number of tokens than the output matrix has rows.</summary>
    /// <exception cref="ModelFormatException">They differ.</exception>
    public void CheckVocabulary(GgufFile file, int rows)
    {
        if (Tokenizer is not null && Tokenizer.VocabularySize != rows)
        {
            throw new ModelFormatException(
                file.Path, -1, $"tokenizer.ggml.tokens has {Tokenizer.VocabularySize} tokens; the output matrix has {rows} rows");
        }
    }

    /// <summary>A vocabulary of an unknown kind is no reason to refuse a model: it still runs on token ids.</summary>
    private static (Tokenizer? Tokenizer, string? Problem) ReadTokenizer(GgufFile file)
    {
        try
        {
            return (GgufVocabulary.CreateTokenizer(file), null);
        }
        catch (UnsupportedModelException exception)
        {
            return (null, exception.Message);
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
