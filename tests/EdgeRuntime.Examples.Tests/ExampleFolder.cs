using System;
using System.Collections.Generic;
using System.IO;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Examples.Tests;

/// <summary>A temporary folder with the bundled model as model.gguf. Deletes itself and further files.</summary>
internal sealed class ExampleFolder : IDisposable
{
    private readonly List<string> _files = [];

    public ExampleFolder()
    {
        File.CreateSymbolicLink(System.IO.Path.Combine(Path, "model.gguf"), TestModels.SmolLm);
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("edgert-example-").FullName;

    public void Delete(string file) => _files.Add(file);

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        _files.ForEach(File.Delete);
    }
}
