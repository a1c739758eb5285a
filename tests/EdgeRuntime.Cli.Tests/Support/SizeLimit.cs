using System;
using System.Diagnostics;
using System.Threading.Tasks;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Cli.Tests.Support;

/// <summary>Runs the command where a file may have only so many bytes: writing more raises SIGXFSZ, which by default ends a
/// process.</summary>
internal static class SizeLimit
{
    /// <summary>Runs the command under <c>ulimit -f</c>.</summary>
    /// <param name="blocks">Blocks of 512 bytes.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="arguments">The command's arguments.</param>
    public static EdgertResult Run(int blocks, string? input, params string[] arguments)
    {
        Unix.Require();
        string script = FormattableString.Invariant($"ulimit -f {blocks}; exec \"$0\" \"$@\"");
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, Edgert.Path, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Edgert.LeaveOutProfiles(start);
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // it maps a large file in memory, to which the limit applies
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return new EdgertResult(process.ExitCode, output.Result, error.Result);
    }
}
