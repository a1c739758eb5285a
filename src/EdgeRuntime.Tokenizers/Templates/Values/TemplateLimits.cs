namespace EdgeRuntime.Templates.Values;

/// <summary>
/// The limits of templates. A template comes from a downloaded file and is hostile input: every loop, every nesting and every allocation is
/// subject to one of these limits. All are far above the needs of published models.
/// </summary>
internal static class TemplateLimits
{
    /// <summary>The largest number of characters of a template.</summary>
    public const int SourceLength = 1 << 20;

    /// <summary>The largest nesting depth of parentheses, lists and blocks in a template.</summary>
    public const int Nesting = 200;

    /// <summary>The largest number of macros and recursive loops that are active at a time.</summary>
    public const int CallDepth = 200;

    /// <summary>The largest number of chained lazy sequences.</summary>
    public const int LazyDepth = 100;

    /// <summary>The largest nesting depth of lists in values.</summary>
    public const int ValueDepth = 128;

    /// <summary>
    /// The largest number of steps of a rendering: evaluated nodes, visited elements, and a share of the processed characters.
    /// </summary>
    public const int Steps = 20_000_000;

    /// <summary>The number of characters that can be read or written per step.</summary>
    public const int CharactersPerStep = 8;

    /// <summary>The largest weight of a value or of the output, in characters (each list element adds 8).</summary>
    public const int Weight = 16 << 20;

    /// <summary>The largest number of elements of a range, as in Jinja's sandbox.</summary>
    public const int Range = 100_000;
}
