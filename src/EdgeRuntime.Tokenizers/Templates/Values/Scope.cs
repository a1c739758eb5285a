using System;
using System.Collections.Generic;

namespace EdgeRuntime.Templates.Values;

/// <summary>The names that a template, a macro, a turn of a loop or a block sees: its own and those of the enclosing scopes.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, Value>? _names;

    /// <param name="parent">The enclosing scope.</param>
    /// <param name="names">The initial names, which are copied.</param>
    public Scope(Scope? parent, Dictionary<string, Value> names)
        : this(parent) => _names = new(names, StringComparer.Ordinal);

    /// <param name="name">The name.</param>
    /// <param name="tables">Receives the number of tables that were searched.</param>
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
