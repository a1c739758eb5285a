using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>
/// The filters of Jinja: name, parameters (<c>?</c> marks optional ones) and implementation. To add a filter, add a line.
/// </summary>
internal static class Filters
{
    public static readonly FunctionTable Table = new()
    {
        // Text
        { "capitalize", "", (context, v, _) => TextFilters.Map(context, v, TextMaps.Capitalize) },
        { "center", "width?", TextFilters.Center },
        { "e", "", TextFilters.Escape },
        { "escape", "", TextFilters.Escape },
        { "filesizeformat", "binary?", TextFilters.FileSize },
        { "forceescape", "", TextFilters.ForceEscape },
        { "format", "*", TextFilters.Format },
        { "indent", "width? first? blank?", TextFilters.Indent },
        { "join", "d? attribute?", TextFilters.Join },
        { "lower", "", (context, v, _) => TextFilters.Map(context, v, TextMaps.Lower) },
        { "replace", "old new count?", TextFilters.Replace },
        { "safe", "", (context, v, _) => context.ToText(v).As(isMarkup: true) },
        { "string", "", (context, v, _) => context.ToText(v) },
        { "striptags", "", TextFilters.StripTags },
        { "title", "", (context, v, _) => TextFilters.Map(context, v, TextMaps.JinjaTitle) },
        { "tojson", "ensure_ascii? indent? separators? sort_keys?", TextFilters.ToJson },
        { "trim", "chars?", TextFilters.Trim },
        { "truncate", "length? killwords? end? leeway?", TextFilters.Truncate },
        { "upper", "", (context, v, _) => TextFilters.Map(context, v, TextMaps.Upper) },
        { "urlencode", "", TextFilters.UrlEncode },
        { "wordcount", "", TextFilters.WordCount },

        // Numbers
        { "abs", "", NumberFilters.Abs },
        { "float", "default?", NumberFilters.Float },
        { "int", "default? base?", NumberFilters.Int },
        { "round", "precision? method?", NumberFilters.Round },

        // Sequences
        { "batch", "linecount fill_with?", SequenceFilters.Batch },
        { "count", "", SequenceFilters.Length },
        { "dictsort", "case_sensitive? by? reverse?", SequenceFilters.DictSort },
        { "first", "", SequenceFilters.First },
        { "groupby", "attribute default? case_sensitive?", SequenceFilters.GroupBy },
        { "items", "", SequenceFilters.Items },
        { "last", "", SequenceFilters.Last },
        { "length", "", SequenceFilters.Length },
        { "list", "", (context, v, _) => new ListValue(context.ToArray(v)) },
        { "map", "*", SelectionFilters.Map },
        { "max", "case_sensitive? attribute?", (context, v, a) => SequenceFilters.Extreme(context, v, a, greatest: true) },
        { "min", "case_sensitive? attribute?", (context, v, a) => SequenceFilters.Extreme(context, v, a, greatest: false) },
        { "reject", "*", (context, v, a) => SelectionFilters.Select(context, v, a, byAttribute: false, keep: false) },
        { "rejectattr", "*", (context, v, a) => SelectionFilters.Select(context, v, a, byAttribute: true, keep: false) },
        { "reverse", "", SequenceFilters.Reverse },
        { "select", "*", (context, v, a) => SelectionFilters.Select(context, v, a, byAttribute: false, keep: true) },
        { "selectattr", "*", (context, v, a) => SelectionFilters.Select(context, v, a, byAttribute: true, keep: true) },
        { "slice", "slices fill_with?", SequenceFilters.Slice },
        { "sort", "reverse? case_sensitive? attribute?", SequenceFilters.Sort },
        { "sum", "attribute? start?", SequenceFilters.Sum },
        { "unique", "case_sensitive? attribute?", SequenceFilters.Unique },

        // Anything
        { "attr", "name", (context, v, a) => Attribute(context, v, a.At(0)) },
        { "d", "default_value? boolean?", Default },
        { "default", "default_value? boolean?", Default },
    };

    public static Value Apply(RenderContext context, string name, Value value, Arguments arguments) =>
        (Table.Find(name) ?? throw Errors.Template($"No filter named '{name}'.")).Invoke(name, context, value, arguments);

    /// <summary>Gets an attribute. Unlike <c>value.name</c>, it never returns an item.</summary>
    private static Value Attribute(RenderContext context, Value value, Value name) =>
        context.FindAttribute(value, context.Read(StringMethods.Required(name))) ?? UndefinedValue.Member(value, name);

    private static Value Default(RenderContext context, Value value, Arguments arguments) =>
        value is UndefinedValue || (arguments[1] is { IsTrue: true } && !value.IsTrue) ? arguments[0] ?? StringValue.Empty : value;
}
