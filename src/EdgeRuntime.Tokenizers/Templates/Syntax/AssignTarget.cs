using EdgeRuntime.Templates.Values;

namespace EdgeRuntime.Templates.Syntax;

/// <summary>The left side of <c>=</c> or <c>in</c>.</summary>
internal abstract class AssignTarget
{
    public void Assign(RenderContext context, Value value) => AssignIn(context, context.Scope, value);

    /// <summary>Assigns to the names of a scope.</summary>
    public abstract void AssignIn(RenderContext context, Scope scope, Value value);
}

internal sealed class NameTarget(string name) : AssignTarget
{
    public string Name => name;

    public override void AssignIn(RenderContext context, Scope scope, Value value)
    {
        context.ChargeName(name);
        scope.Set(name, value);
    }
}

/// <summary><c>namespace.attribute</c>.</summary>
internal sealed class NamespaceTarget(int line, string owner, string attribute) : AssignTarget
{
    public override void AssignIn(RenderContext context, Scope scope, Value value)
    {
        context.Line = line;
        if (context.FindName(scope, owner) is not NamespaceValue target)
        {
            throw Errors.Template("cannot assign attribute on non-namespace object");
        }

        context.ChargeName(attribute);
        target.Set(attribute, value);
    }
}

/// <summary><c>a, b</c>: unpacks an iterable.</summary>
internal sealed class TupleTarget(int line, AssignTarget[] targets) : AssignTarget
{
    public override void AssignIn(RenderContext context, Scope scope, Value value)
    {
        context.Line = line;
        if (value.Iterate(context) is null)
        {
            throw Errors.Type($"cannot unpack non-iterable {value.TypeName} object");
        }

        Value[] items = context.ToArray(value);
        if (items.Length != targets.Length)
        {
            throw Errors.Value(items.Length > targets.Length
                ? $"too many values to unpack (expected {targets.Length})"
                : $"not enough values to unpack (expected {targets.Length}, got {items.Length})");
        }

        for (int i = 0; i < items.Length; i++)
        {
            targets[i].AssignIn(context, scope, items[i]);
        }
    }
}
