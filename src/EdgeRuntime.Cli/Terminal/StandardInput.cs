using System;
using System.IO;
using System.Text;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Standard input as UTF-8, whatever the console's code page.</summary>
internal static class StandardInput
{
    public static StreamReader Open() => new(Console.OpenStandardInput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));

    public static string ReadAll()
    {
        using StreamReader reader = Open();
        return reader.ReadToEnd();
    }
}
