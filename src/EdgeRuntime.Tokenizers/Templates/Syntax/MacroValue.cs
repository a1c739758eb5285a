using System;
using System.Collections.Generic;
using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary>A macro, or the body of a <c>call</c> block, with the scope of its definition.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope closure) : Value
{
    public override string TypeName => "Macro";

    public override bool IsCallable => true;

    public override Value? FindAttribute(RenderContext context, string name) => name switch
    {
        "name" => new StringValue(definition.Name),
        "arguments" => ParameterNames(context),
        "caller" => BoolValue.Of(definition.UsesCaller),
        "catch_kwargs" => BoolValue.Of(definition.UsesKeywordArguments),
        "catch_varargs" => BoolValue.Of(definition.UsesExtraArguments),
        _ => null,
    };

    public override Value Call(RenderContext context, Arguments arguments)
    {
        context.EnterCall();
        StringValue text = definition.Body.Capture(context, Bind(context, arguments));
        context.LeaveCall();
        return text;
    }

    public override void WriteRepr(TextSink sink) => sink.Append($"<Macro '{definition.Name}'>");

    private TupleValue ParameterNames(RenderContext context)
    {
        context.ChargeElements(definition.Parameters.Length);
        return new TupleValue(Array.ConvertAll(definition.Parameters, parameter => (Value)new StringValue(parameter.Name)));
    }

    private Scope Bind(RenderContext context, Arguments arguments)
    {
        context.ChargeElements(arguments.Count + arguments.Named.Count);
        var scope = new Scope(closure);
        var named = new NamedArguments(arguments.Named);
        MacroParameter[] parameters = definition.Parameters;
        for (int i = 0; i < parameters.Length; i++)
        {
            string name = parameters[i].Name;
            context.ChargeElements(1);
            context.ChargeName(name);
            Value? value = arguments[i];
            if (named.Take(name) is { } given)
            {
                value = value is null ? given : throw Errors.Type($"macro '{definition.Name}' got multiple values for argument '{name}'");
            }

            scope.Set(name, value ?? Default(context, scope, parameters[i]));
        }

        if (definition.UsesCaller)
        {
            scope.Set("caller", named.Take("caller") ?? UndefinedValue.Because("No caller defined"));
        }

        BindRest(scope, arguments, named.Rest());
        return scope;
    }

    private static Value Default(RenderContext context, Scope scope, MacroParameter parameter) => parameter.Default is null
        ? UndefinedValue.Because($"parameter '{parameter.Name}' was not provided")
        : parameter.Default.EvaluateIn(context, scope);

    private void BindRest(Scope scope, Arguments arguments, List<KeyValuePair<string, Value>> named)
    {
        int extra = arguments.Count - definition.Parameters.Length;
        if (definition.UsesExtraArguments)
        {
            var rest = new Value[Math.Max(0, extra)];
            for (int i = 0; i < rest.Length; i++)
            {
                rest[i] = arguments.At(definition.Parameters.Length + i);
            }

            scope.Set("varargs", new TupleValue(rest));
        }
        else if (extra > 0)
        {
            throw Errors.Type($"macro '{definition.Name}' takes not more than {definition.Parameters.Length} argument(s)");
        }

        if (definition.UsesKeywordArguments)
        {
            var rest = new OrderedDictionary<Value, Value>();
            named.ForEach(argument => rest[StringValue.OfData(argument.Key)] = argument.Value);
            scope.Set("kwargs", new DictValue(rest));
        }
        else if (named.Count > 0)
        {
            throw Errors.Type(named[0].Key == "caller"
                ? $"macro '{definition.Name}' was invoked with two values for the special caller argument. This is most likely a bug."
                : $"macro '{definition.Name}' takes no keyword argument '{named[0].Key}'");
        }
    }

    /// <summary>The named arguments of a call. Each can be taken once, by name; of several with the same name the first is taken.</summary>
    private struct NamedArguments(IReadOnlyList<KeyValuePair<string, Value>> arguments)
    {
        private Dictionary<string, int>? _indexes;
        private bool[]? _taken;

        public Value? Take(string name)
        {
            if (arguments.Count == 0)
            {
                return null;
            }

            _indexes ??= Index(arguments);
            if (!_indexes.Remove(name, out int index))
            {
                return null;
            }

            (_taken ??= new bool[arguments.Count])[index] = true;
            return arguments[index].Value;
        }

        /// <summary>Gets the arguments that have not been taken, in order.</summary>
        public readonly List<KeyValuePair<string, Value>> Rest()
        {
            var rest = new List<KeyValuePair<string, Value>>();
            for (int i = 0; i < arguments.Count; i++)
            {
                if (_taken is null || !_taken[i])
                {
                    rest.Add(arguments[i]);
                }
            }

            return rest;
        }

        private static Dictionary<string, int> Index(IReadOnlyList<KeyValuePair<string, Value>> arguments)
        {
            var indexes = new Dictionary<string, int>(arguments.Count, StringComparer.Ordinal);
            for (int i = 0; i < arguments.Count; i++)
            {
                indexes.TryAdd(arguments[i].Key, i);
            }

            return indexes;
        }
    }
}
