using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>The file that gets the log: a new one, or an older log. Appended lines would damage any other file.</summary>
internal static partial class AppLogFile
{
    private const int StartBytes = 64; // more than the time and level of a line

    /// <summary>Makes sure that the log can be appended to the file; makes it where it is missing. (Serilog would stay silent.)</summary>
    /// <exception cref="CommandException">It can't: says why.</exception>
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

    /// <summary>As Serilog's file sink begins a line unless told otherwise: 2026-01-31 12:00:00.000 +00:00 [DBG].</summary>
    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d \[[A-Z]{3}\] ")]
    private static partial Regex LineStart();
}
