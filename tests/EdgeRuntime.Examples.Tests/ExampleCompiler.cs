using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace EdgeRuntime.Examples.Tests;

/// <summary>Compiles the programs of documents as a project of the template "console" or "web" would.</summary>
internal static class ExampleCompiler
{
    private const string ConsoleUsings =
        """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private const string WebUsings = ConsoleUsings
        + """

        global using Microsoft.AspNetCore.Builder; global using Microsoft.AspNetCore.Hosting; global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing; global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection; global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging; global using System.Net.Http.Json;
        """;

    private static readonly MetadataReference[] _references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "EdgeRuntime.Examples.Tests.dll")
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>Compiles a program.</summary>
    /// <param name="example">The program.</param>
    /// <param name="assembly">The stream to which the assembly is written.</param>
    /// <returns>The messages of the compiler, empty if it has none.</returns>
    public static IReadOnlyList<string> Compile(Example example, Stream assembly)
    {
        var options = new CSharpParseOptions(LanguageVersion.Latest);
        SyntaxTree[] trees =
        [
            CSharpSyntaxTree.ParseText(example.Source, options, path: example.Name + ".cs"),
            CSharpSyntaxTree.ParseText(example.IsServer ? WebUsings : ConsoleUsings, options, path: "Usings.cs"),
        ];
        var compilation = CSharpCompilation.Create(
            example.Name,
            trees,
            _references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        return [.. compilation.Emit(assembly).Diagnostics
            .Where(found => found.Severity >= (example.IsComment ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning))
            .Select(found => found.ToString())];
    }
}
