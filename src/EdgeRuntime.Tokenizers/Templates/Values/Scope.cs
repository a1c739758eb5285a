using System;
using System.Collections.Generic;

namespace EdgeRuntime.Tokenizers.Templates.Values;

/// <summary>The names that a template, a macro, a loop's turn or a block sees: its own, then those around it.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, Value>? _names;

    /// <param name="name">The name.</param>
    /// <param name="tables">How many tables of names were asked.</param>
    public Value? Find(string name, out int tables)
    {
        tables = 0;
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._names is null)
            {
                continue;
            }

            tables++;
            if (scope._names.TryGetValue(name, out Value? value))
            {
                return value;
            }
        }

        return null;
    }

    public void Set(string name, Value value) => (_names ??= new(StringComparer.Ordinal))[name] = value;

    private Scope? Parent => parent;
}
