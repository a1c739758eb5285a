using System;
using System.IO;

namespace EdgeRuntime.Files;

/// <summary>Names the folders that this product keeps among the user's data.</summary>
internal static class UserData
{
    // The folder may be missing: it is created when something is written.
    private static string Local =>
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);

    /// <summary>Gets the path of a folder.</summary>
    public static string GetFolder(string name) => Path.Combine(Local, "edgert", name);

    /// <summary>Gets the path of a folder, or null if the system names no folder for the user's data.</summary>
    public static string? FindFolder(string name) => Local.Length > 0 ? GetFolder(name) : null;
}
