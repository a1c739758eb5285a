using System;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tests.Design;

/// <summary>Each folder of each project is a layer: what it uses does not use it, directly or through others.</summary>
public sealed class LayerTests
{
    private static readonly string[] s_extended = ["Microsoft.Extensions.AI", "Microsoft.Extensions.DependencyInjection"];

    [Fact]
    public void Folders_OfAllProjects_FormNoCircle() => Assert.Empty(FolderGraph.Instance.Circles());

    /// <summary>
    /// The exceptions: a file of public types may be in the root namespace of its project, and extension methods in the namespace that they
    /// extend, where users look for them.
    /// </summary>
    [Fact]
    public void Namespace_OfEveryFile_IsItsFolder() => Assert.Empty(FolderGraph.Instance.Files
        .Where(file => file.Namespace.Length > 0 && file.Namespace != NamespaceOf(file.Folder))
        .Where(file => !file.IsPublic || (file.Namespace != NamespaceOf(file.Folder.Split('/')[0]) && !s_extended.Contains(file.Namespace)))
        .Select(file => $"{file.Name} declares namespace {file.Namespace}; expected {NamespaceOf(file.Folder)}"));

    [Fact]
    public void Architecture_Document_ShowsTheGraph()
    {
        const string Begin = "```mermaid\n";
        string text = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "architecture.md")).ReplaceLineEndings("\n");
        string graph = FolderGraph.Instance.ToMermaid();
        Assert.Contains(Begin, text, StringComparison.Ordinal);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        string drawn = text[begin..text.IndexOf("\n```", begin, StringComparison.Ordinal)];
        Assert.True(
            drawn == graph, "docs/architecture.md draws another graph than the sources have; replace its mermaid block by:\n\n" + graph);
    }

    private static string NamespaceOf(string folder)
    {
        string[] parts = folder.Split('/');
        string project = Path.Combine(SharedData.Repository, "src", parts[0], parts[0] + ".csproj");
        parts[0] = XDocument.Load(project).Descendants("RootNamespace").Single().Value;
        return string.Join('.', parts);
    }
}
