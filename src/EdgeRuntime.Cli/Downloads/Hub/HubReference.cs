using System;
using System.Text.RegularExpressions;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Downloads.Hub;

/// <summary>The name of a model on a model hub: <c>hf:OWNER/REPO[:QUANT]</c>.</summary>
/// <param name="Owner">The user or organization.</param>
/// <param name="Repository">The name of the repository.</param>
/// <param name="Quantization">The quantization in the names of the files ("Q4_K_M"), in any case; null for the default.</param>
internal sealed partial record HubReference(string Owner, string Repository, string? Quantization)
{
    public const string Prefix = "hf:";

    /// <summary>The form that users write.</summary>
    public const string Form = "hf:OWNER/REPO[:QUANT]";

    /// <summary>Gets whether a text that names a model is a reference to a hub, which may be malformed.</summary>
    public static bool Is(string text) => text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Parses a reference.</summary>
    /// <exception cref="CommandException">The text is malformed.</exception>
    public static HubReference Parse(string text)
    {
        Match match = Parts().Match(text);
        string owner = match.Groups["owner"].Value;
        string repository = match.Groups["repository"].Value;
        if (!match.Success || ModelFileName.MakeSafe(owner) != owner || ModelFileName.MakeSafe(repository) != repository)
        {
            throw new CommandException($"{WebAddress.Show(text)}: expected {Form} with the letters, digits and -_. of the model hub");
        }

        return new HubReference(owner, repository, match.Groups["quantization"] is { Success: true } group ? group.Value : null);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Prefix}{Owner}/{Repository}" + (Quantization is null ? "" : ":" + Quantization);

    [GeneratedRegex(
        @"^hf:(?<owner>[a-z0-9_.-]{1,96})/(?<repository>[a-z0-9_.-]{1,96})(:(?<quantization>[a-z0-9_.-]{1,96}))?\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Parts();
}
