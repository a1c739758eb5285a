using System;
using System.Collections.Generic;
using EdgeRuntime.Tokenizers.Templates.Syntax;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Runtime;

/// <summary>A macro, or the body of a <c>call</c> block, with the names it was defined among.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope closure) : Value
{
    public override string TypeName => "Macro";

    public override bool IsCallable => true;

    public override Value? FindAttribute(Interpreter context, string name) => name switch
    {
        "name" => new StringValue(definition.Name),
        "arguments" => new TupleValue(Array.ConvertAll(definition.Parameters, parameter => (Value)new StringValue(parameter.Name))),
        "caller" => BoolValue.Of(definition.UsesCaller),
        "catch_kwargs" => BoolValue.Of(definition.UsesKeywordArguments),
        "catch_varargs" => BoolValue.Of(definition.UsesExtraArguments),
        _ => null,
    };

    public override Value Call(Interpreter context, Arguments arguments)
    {
        context.EnterCall();
        string text = context.Capture(Bind(context, arguments), definition.Body);
        context.LeaveCall();
        return context.NewString(text);
    }

    public override void WriteRepr(TextSink sink) => sink.Append($"<Macro '{definition.Name}'>");

    private Scope Bind(Interpreter context, Arguments arguments)
    {
        var scope = new Scope(closure);
        var named = new List<KeyValuePair<string, Value>>(arguments.Named);
        MacroParameter[] parameters = definition.Parameters;
        for (int i = 0; i < parameters.Length; i++)
        {
            string name = parameters[i].Name;
            Value? value = arguments[i];
            int index = named.FindIndex(argument => argument.Key == name);
            if (index >= 0)
            {
                value = value is null
                    ? named[index].Value
                    : throw Errors.Type($"macro '{definition.Name}' got multiple values for argument '{name}'");
                named.RemoveAt(index);
            }

            scope.Set(name, value ?? Default(context, scope, parameters[i]));
        }

        BindRest(scope, arguments, named);
        return scope;
    }

    private static Value Default(Interpreter context, Scope scope, MacroParameter parameter) => parameter.Default is null
        ? UndefinedValue.Because($"parameter '{parameter.Name}' was not provided")
        : context.EvaluateIn(scope, parameter.Default);

    private void BindRest(Scope scope, Arguments arguments, List<KeyValuePair<string, Value>> named)
    {
        if (definition.UsesCaller)
        {
            int index = named.FindIndex(argument => argument.Key == "caller");
            scope.Set("caller", index < 0 ? UndefinedValue.Because("No caller defined") : named[index].Value);
            if (index >= 0)
            {
                named.RemoveAt(index);
            }
        }

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
            named.ForEach(argument => rest[new StringValue(argument.Key)] = argument.Value);
            scope.Set("kwargs", new DictValue(rest));
        }
        else if (named.Count > 0)
        {
            throw Errors.Type(named[0].Key == "caller"
                ? $"macro '{definition.Name}' was invoked with two values for the special caller argument. This is most likely a bug."
                : $"macro '{definition.Name}' takes no keyword argument '{named[0].Key}'");
        }
    }
}
