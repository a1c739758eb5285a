using System;
using System.IO;
using Xunit;

namespace EdgeRuntime.Tests.Conversion;

/// <summary>
/// Keeps the small models of <see cref="ModelFamilies"/> for a comparison with llama.cpp's converter, <c>tests/peer/convert.sh</c>.
/// </summary>
public sealed class ModelFolderExport
{
    private const string Variable = "EDGERUNTIME_MODEL_FOLDERS";

    [Fact]
    public void Export_EachFamily_WritesFolder()
    {
        string? target = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(target), $"no folder to write to (set {Variable})");
        foreach ((string name, Func<ModelFolder, ModelFolder> fill) in ModelFamilies.All)
        {
            using var folder = new ModelFolder();
            fill(folder);
            string path = Path.Join(target, name);
            foreach (string file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
            {
                string copy = Path.Join(path, Path.GetRelativePath(folder.Path, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy, overwrite: true);
            }
        }
    }
}
