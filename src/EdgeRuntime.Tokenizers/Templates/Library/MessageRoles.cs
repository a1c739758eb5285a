using System;

namespace EdgeRuntime.Templates.Library;

/// <summary>The roles that chat templates of published models know.</summary>
internal static class MessageRoles
{
    private static readonly string[] Known =
        ["system", "user", "assistant", "tool", "developer", "function", "model", "ipython", "observation", "environment", "documents"];

    /// <summary>Gets the roles as a list for error messages.</summary>
    public static string List { get; } = string.Join(", ", Known);

    public static bool IsKnown(string? role) => Array.IndexOf(Known, role) >= 0;
}
