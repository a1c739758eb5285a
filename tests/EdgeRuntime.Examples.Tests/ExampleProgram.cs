using System;
using System.IO;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

// A program has the console and the current folder of the process for itself.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace EdgeRuntime.Examples.Tests;

/// <summary>
/// Runs compiled programs in the process of the tests, one after another: a process for each would compile the library again.
/// </summary>
internal static class ExampleProgram
{
    /// <summary>Runs a program with a folder as the current one.</summary>
    /// <param name="assembly">The compiled program.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="input">The standard input.</param>
    /// <returns>The exit code, and what the program wrote to standard output and standard error.</returns>
    public static (int ExitCode, string Output, string Errors) Run(MemoryStream assembly, ExampleFolder folder, string input)
    {
        (TextReader inBefore, TextWriter outBefore, TextWriter errorBefore) = (Console.In, Console.Out, Console.Error);
        string folderBefore = Directory.GetCurrentDirectory();
        StringWriter output = new(), errors = new(); // a thread of the program may still write to them after its end
        try
        {
            Console.SetIn(new StringReader(input));
            Console.SetOut(output);
            Console.SetError(errors);
            Directory.SetCurrentDirectory(folder.Path);
            Environment.SetEnvironmentVariable("XDG_DATA_HOME", folder.Path); // tuning profiles stay in the folder, too
            MethodInfo main = Assembly.Load(assembly.ToArray()).EntryPoint!;
            object?[] arguments = main.GetParameters().Length == 0 ? [] : [Array.Empty<string>()];
            var program = Task.Factory.StartNew(
                () => main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            Assert.True(program.Wait(ExampleProcess.Patience, TestContext.Current.CancellationToken), "the program hangs");
            return (program.Result as int? ?? 0, output.ToString(), errors.ToString());
        }
        finally
        {
            Console.SetIn(inBefore);
            Console.SetOut(outBefore);
            Console.SetError(errorBefore);
            Directory.SetCurrentDirectory(folderBefore);
        }
    }
}
