using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>Reads the step <c>Metaspace</c> of a pre-tokenizer, which marks spaces as SentencePiece does.</summary>
internal static class Metaspace
{
    /// <summary>Gets whether the step is there and puts a space before a text.</summary>
    /// <param name="field">The value of <c>pre_tokenizer</c>.</param>
    public static bool AddsPrefix(JsonField field)
    {
        JsonField step = Find(field);
        return step.Exists && step["prepend_scheme"].FindText() switch
        {
            null => step["add_prefix_space"].GetFlag(true),
            var scheme => scheme is "always" or "first",
        };
    }

    private static JsonField Find(JsonField field)
    {
        if (field["type"].FindText() == PreTokenizerSteps.Metaspace)
        {
            return field;
        }

        foreach (JsonField step in field["pretokenizers"].Elements())
        {
            if (step["type"].FindText() == PreTokenizerSteps.Metaspace)
            {
                return step;
            }
        }

        return default;
    }
}
