using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Validates the log file: a new file or an existing log. Appending to any other file would damage it.</summary>
internal static partial class AppLogFile
{
    private const int StartBytes = 64; // longer than the time and level of a line

    /// <summary>
    /// Checks that the log can be appended to the file, and creates a missing file. Serilog would ignore errors silently.
    /// </summary>
    /// <exception cref="CommandException">The file cannot be used; the message gives the reason.</exception>
    public static void Prepare(string path) => UserFile.Use(path, name =>
    {
        FileKinds.Of(name).Require(name);
        byte[] start = UserFile.ReadStart(name, StartBytes);
        if (start.Length > 0 && !LineStart().IsMatch(Encoding.Latin1.GetString(start)))
        {
            throw new FileException(name, "exists and is no log of this command; name a new file for the log, or an older log");
        }

        File.Open(name, FileMode.Append, FileAccess.Write, FileShare.ReadWrite).Dispose();
    });

    /// <summary>Matches the start of a line of Serilog's file sink with default settings: 2026-01-31 12:00:00.000 +00:00 [DBG].</summary>
    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d \[[A-Z]{3}\] ")]
    private static partial Regex LineStart();
}
