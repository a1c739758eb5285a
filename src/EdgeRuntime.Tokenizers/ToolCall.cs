using System;

namespace EdgeRuntime;

/// <summary>Represents a call of a tool that the model requests in a message.</summary>
public sealed record ToolCall
{
    /// <summary>Initializes a call.</summary>
    /// <param name="name">The name of the tool.</param>
    /// <param name="arguments">The arguments as JSON text, usually an object. The default is an empty object.</param>
    /// <param name="id">The id that the result refers to, or null. Some templates require ids of a certain form.</param>
    public ToolCall(string name, string arguments = "{}", string? id = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(arguments);
        Name = name;
        Arguments = arguments;
        Id = id;
    }

    /// <summary>Gets the name of the tool.</summary>
    public string Name { get; }

    /// <summary>
    /// Gets the arguments as JSON text, usually an object. The text may come from a model and is not checked: it may be invalid JSON.
    /// </summary>
    public string Arguments { get; }

    /// <summary>Gets the id that the result refers to, or null.</summary>
    public string? Id { get; }
}
