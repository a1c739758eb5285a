using System;
using System.Collections;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace EdgeRuntime.Templates.Values;

/// <summary>The implementation of a filter, test, method or function.</summary>
/// <param name="context">The rendering.</param>
/// <param name="self">The filtered or tested value, or the object of the method.</param>
/// <param name="arguments">The arguments in the order of the signature.</param>
internal delegate Value NativeBody(RenderContext context, Value self, Arguments arguments);

/// <summary>A filter, test, method or function of the library.</summary>
/// <param name="signature">The names of the parameters; <c>?</c> marks optional ones, and <c>*</c> accepts any arguments.</param>
/// <param name="body">The implementation.</param>
internal sealed class NativeFunction(string signature, NativeBody body)
{
    private string[]? _parameters;

    public Value Invoke(string name, RenderContext context, Value self, Arguments arguments)
    {
        if (signature == "*")
        {
            return body(context, self, arguments);
        }

        _parameters ??= signature.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return body(context, self, arguments.Bind(name, _parameters));
    }
}

/// <summary>The library functions of one kind, by name.</summary>
/// <param name="refused">The names of Python methods that the sandbox refuses because they modify the object.</param>
internal sealed class FunctionTable(params string[] refused) : IEnumerable<string>
{
    private readonly Dictionary<string, NativeFunction> _functions = new(StringComparer.Ordinal);

    public void Add(string name, string signature, NativeBody body) => _functions.Add(name, new NativeFunction(signature, body));

    public IEnumerator<string> GetEnumerator() => _functions.Keys.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public NativeFunction? Find(string name) => _functions.GetValueOrDefault(name);

    /// <summary>Binds a method to an object; null if the table has none of that name.</summary>
    public Value? Bind(Value self, string name)
    {
        if (_functions.TryGetValue(name, out NativeFunction? function))
        {
            return new BoundMethod(self, name, function);
        }

        return Array.IndexOf(refused, name) >= 0 ? UndefinedValue.Unsafe(self, name) : null;
    }
}

/// <summary>A method bound to its object, or a global function.</summary>
internal sealed class BoundMethod(Value self, string name, NativeFunction function) : Value
{
    public override string TypeName => "builtin_function_or_method";

    public override bool IsCallable => true;

    public override Value Call(RenderContext context, Arguments arguments) => function.Invoke(name, context, self, arguments);

    public override void WriteRepr(TextSink sink) => sink.Append($"<built-in method {name}>");

    public override bool Equals(Value? other) => other is BoundMethod method && method.Name == name && ReferenceEquals(method.Self, self);

    public override int GetHashCode() => HashCode.Combine(name, RuntimeHelpers.GetHashCode(self));

    private string Name => name;

    private Value Self => self;
}

/// <summary>The arguments of a call.</summary>
internal sealed class Arguments
{
    public static readonly Arguments None = new([], null);

    // From this many named arguments on, they are looked up in a table.
    private const int ManyNamed = 8;

    private readonly Value?[] _values;
    private readonly List<KeyValuePair<string, Value>>? _named;
    private Dictionary<string, Value>? _table;

    public Arguments(Value?[] values, List<KeyValuePair<string, Value>>? named)
    {
        _values = values;
        _named = named;
    }

    /// <summary>Gets the number of positional arguments, or of all arguments in the order of the signature once they are bound.</summary>
    public int Count => _values.Length;

    public IReadOnlyList<KeyValuePair<string, Value>> Named => _named is null ? [] : _named;

    /// <summary>Gets an argument; null if it is optional and missing.</summary>
    public Value? this[int index] => index < _values.Length ? _values[index] : null;

    /// <summary>Gets an argument that the signature requires.</summary>
    public Value At(int index) => _values[index]!;

    /// <summary>Finds the first argument with a name; null if there is none.</summary>
    public Value? FindNamed(string name)
    {
        if (_named is { Count: >= ManyNamed })
        {
            return (_table ??= MakeTable(_named)).GetValueOrDefault(name);
        }

        foreach (KeyValuePair<string, Value> argument in Named)
        {
            if (argument.Key == name)
            {
                return argument.Value;
            }
        }

        return null;
    }

    private static Dictionary<string, Value> MakeTable(List<KeyValuePair<string, Value>> named)
    {
        var table = new Dictionary<string, Value>(named.Count, StringComparer.Ordinal);
        foreach (KeyValuePair<string, Value> argument in named)
        {
            table.TryAdd(argument.Key, argument.Value);
        }

        return table;
    }

    /// <summary>Gets the arguments from an index on.</summary>
    public Arguments Skip(int count) => new(_values[Math.Min(count, _values.Length)..], _named);

    /// <summary>Moves every argument to the position of its parameter.</summary>
    public Arguments Bind(string function, string[] parameters)
    {
        if (_values.Length > parameters.Length)
        {
            throw Errors.Type($"{function}() takes at most {parameters.Length} arguments ({_values.Length} given)");
        }

        var bound = new Value?[parameters.Length];
        _values.CopyTo(bound, 0);
        foreach (KeyValuePair<string, Value> argument in Named)
        {
            int index = Array.FindIndex(parameters, parameter => parameter.AsSpan().TrimEnd('?').SequenceEqual(argument.Key));
            if (index < 0)
            {
                throw Errors.Type($"{function}() got an unexpected keyword argument '{argument.Key}'");
            }

            if (bound[index] is not null)
            {
                throw Errors.Type($"{function}() got multiple values for argument '{argument.Key}'");
            }

            bound[index] = argument.Value;
        }

        for (int i = 0; i < bound.Length; i++)
        {
            if (bound[i] is null && !parameters[i].EndsWith('?'))
            {
                throw Errors.Type($"{function}() missing required argument: '{parameters[i]}'");
            }
        }

        return new Arguments(bound, null);
    }
}
