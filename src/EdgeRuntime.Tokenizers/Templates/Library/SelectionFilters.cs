using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Library;

/// <summary>The filters that apply another filter or a test to each element lazily.</summary>
internal static class SelectionFilters
{
    public static Value Map(RenderContext context, Value value, Arguments arguments)
    {
        IEnumerator<Value> items = context.Iterate(value);
        if (arguments.Count > 0)
        {
            string name = context.Read(StringMethods.Required(arguments.At(0)));
            Arguments rest = arguments.Skip(1);
            return new LazyValue(value, Each(context, items, item => Filters.Apply(context, name, item, rest)));
        }

        Value attribute = arguments.FindNamed("attribute") ?? throw Errors.Template("map requires a filter argument");
        foreach (KeyValuePair<string, Value> argument in arguments.Named)
        {
            if (argument.Key is not ("attribute" or "default"))
            {
                throw Errors.Template($"Unexpected keyword argument '{argument.Key}'");
            }
        }

        var path = AttributePath.Of(context, attribute, arguments.FindNamed("default"));
        return new LazyValue(value, Each(context, items, item => path.Find(context, item)));
    }

    /// <param name="context">The rendering.</param>
    /// <param name="value">The sequence.</param>
    /// <param name="arguments">
    /// The attribute if one is tested, then the test and its arguments. Without a test the truth of the element is tested.
    /// </param>
    /// <param name="byAttribute">Whether an attribute is tested.</param>
    /// <param name="keep">The outcome that keeps the element.</param>
    public static Value Select(RenderContext context, Value value, Arguments arguments, bool byAttribute, bool keep)
    {
        IEnumerator<Value> items = value.IsTrue ? context.Iterate(value) : ListValue.Empty.Iterate(context);
        if (byAttribute && arguments.Count == 0)
        {
            throw Errors.Template("Missing parameter for attribute name");
        }

        var path = AttributePath.Of(context, byAttribute ? arguments.At(0) : null);
        int first = byAttribute ? 1 : 0;
        if (arguments.Count <= first)
        {
            return new LazyValue(value, Where(context, items, item => path.Find(context, item).IsTrue == keep));
        }

        string name = context.Read(StringMethods.Required(arguments.At(first)));
        Arguments rest = arguments.Skip(first + 1);
        return new LazyValue(value, Where(context, items, item => Tests.Apply(context, name, path.Find(context, item), rest) == keep));
    }

    private static IEnumerator<Value> Each(RenderContext context, IEnumerator<Value> items, Func<Value, Value> change)
    {
        while (items.MoveNext())
        {
            context.Step();
            yield return change(items.Current);
        }
    }

    private static IEnumerator<Value> Where(RenderContext context, IEnumerator<Value> items, Func<Value, bool> test)
    {
        while (items.MoveNext())
        {
            context.Step();
            if (test(items.Current))
            {
                yield return items.Current;
            }
        }
    }
}
