namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>
/// What a template may use. It comes out of a downloaded file, so it is hostile input: every loop, every nesting and every
/// allocation meets one of these. All are far above what a template of a published model needs.
/// </summary>
internal static class TemplateLimits
{
    /// <summary>Characters of a template.</summary>
    public const int SourceLength = 1 << 20;

    /// <summary>Nested parentheses, lists and blocks of a template.</summary>
    public const int Nesting = 200;

    /// <summary>Macros and recursive loops active at a time.</summary>
    public const int CallDepth = 200;

    /// <summary>Lazy sequences fed by one another.</summary>
    public const int LazyDepth = 100;

    /// <summary>Lists in lists, in values that are given or made.</summary>
    public const int ValueDepth = 128;

    /// <summary>Steps of one rendering: nodes evaluated, elements visited, and a share of the characters handled.</summary>
    public const int Steps = 20_000_000;

    /// <summary>Characters that are read or written for the price of one step.</summary>
    public const int CharactersPerStep = 8;

    /// <summary>The most that one value or the output may weigh, in characters (an element of a list weighs 8 more).</summary>
    public const int Weight = 16 << 20;

    /// <summary>Elements of a range, as in Jinja's sandbox.</summary>
    public const int Range = 100_000;
}
