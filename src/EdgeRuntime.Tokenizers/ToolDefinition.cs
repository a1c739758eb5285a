using System;

namespace EdgeRuntime;

/// <summary>Describes a tool that the model may call.</summary>
public sealed record ToolDefinition
{
    private const string NoParameters = """{"type":"object","properties":{}}""";

    /// <summary>Initializes a description.</summary>
    /// <param name="name">The name of the tool, by which the model calls it.</param>
    /// <param name="description">What the tool does and when to call it. The default is empty.</param>
    /// <param name="parameters">The JSON schema of its arguments: a JSON object. The default is a tool without parameters.</param>
    /// <exception cref="ArgumentException">The name is empty, or the schema is not a JSON object.</exception>
    public ToolDefinition(string name, string description = "", string parameters = NoParameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(parameters);
        Check(name, parameters);
        Name = name;
        Description = description;
        Parameters = parameters;
    }

    /// <summary>Gets the name of the tool, by which the model calls it.</summary>
    public string Name { get; }

    /// <summary>Gets what the tool does and when to call it.</summary>
    public string Description { get; }

    /// <summary>Gets the JSON schema of the arguments.</summary>
    public string Parameters { get; }

    private static void Check(string name, string parameters)
    {
        try
        {
            MessageJson.ParseObject(parameters);
        }
        catch (FormatException error)
        {
            throw new ArgumentException($"tool {name}: the parameters are not a JSON schema: {error.Message}", nameof(parameters), error);
        }
    }
}
