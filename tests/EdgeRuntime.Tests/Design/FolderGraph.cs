using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Tests.Design;

/// <summary>The folders of all projects, and which of them use types of which others.</summary>
internal sealed class FolderGraph
{
    private static readonly string s_source = Path.Combine(SharedData.Repository, "src");
    private readonly Dictionary<(string From, string To), SortedSet<string>> _edges = [];

    private FolderGraph(IReadOnlyList<SourceFile> files)
    {
        Files = files;
        ILookup<string, SourceFile> declared = files
            .SelectMany(file => file.Types.Select(type => (type, file)))
            .ToLookup(pair => pair.type, pair => pair.file);
        foreach (SourceFile file in files)
        {
            foreach (IEnumerable<string> candidates in file.Uses)
            {
                string? type = candidates.FirstOrDefault(declared.Contains);
                if (type is not null && declared[type].All(other => other.Folder != file.Folder))
                {
                    Add(file.Folder, declared[type].First().Folder, $"{Path.GetFileName(file.Name)} uses {type}");
                }
            }
        }
    }

    /// <summary>The graph of the sources in this repository.</summary>
    public static FolderGraph Instance { get; } = new(
        [.. Directory.EnumerateFiles(s_source, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal)
            .Select(path => new SourceFile(s_source, path))]);

    public IReadOnlyList<SourceFile> Files { get; }

    /// <summary>All folders with C# files.</summary>
    public IEnumerable<string> Folders => Files.Select(file => file.Folder).Distinct().Order(StringComparer.Ordinal);

    /// <summary>Gets the uses that are part of a circle: the used folder uses the other one, directly or through others.</summary>
    public IEnumerable<string> Circles()
    {
        Dictionary<string, HashSet<string>> reached = Folders.ToDictionary(folder => folder, Reach);
        return _edges.Where(edge => reached[edge.Key.To].Contains(edge.Key.From))
            .OrderBy(edge => edge.Key.From, StringComparer.Ordinal)
            .Select(edge => $"{edge.Key.From} -> {edge.Key.To}: {string.Join(", ", edge.Value.Take(5))}");
    }

    /// <summary>
    /// Returns the graph for Mermaid: the folders of each project, and arrows to what they use, without those that follow from others.
    /// </summary>
    public string ToMermaid()
    {
        List<string> lines = ["flowchart TD"];
        foreach (IGrouping<string, string> project in Folders.GroupBy(ProjectOf))
        {
            ILookup<string, string> next = Reduce(
                _edges.Keys.Where(edge => ProjectOf(edge.From) == project.Key && ProjectOf(edge.To) == project.Key));
            lines.Add($"    subgraph {project.Key}");
            lines.AddRange(project.Select(folder => "        " + IdOf(folder) + LabelOf(folder) + ArrowsTo(next[folder].Select(IdOf))));
            lines.Add("    end");
        }

        ILookup<string, string> projects = Reduce(
            _edges.Keys.Select(edge => (From: ProjectOf(edge.From), To: ProjectOf(edge.To))).Where(edge => edge.From != edge.To));
        lines.AddRange(projects.Select(project => "    " + project.Key + ArrowsTo(project)));
        return string.Join('\n', lines);
    }

    private static string ProjectOf(string folder) => folder.Split('/')[0];

    private static string PathOf(string folder) => folder.Split('/', 2) is [_, var path] ? path : "";

    /// <summary>Gets the path of a folder, with its project before it where other projects have a folder of that path.</summary>
    private string IdOf(string folder)
    {
        string path = PathOf(folder);
        string project = ProjectOf(folder).Replace(".", "", StringComparison.Ordinal);
        return path.Length == 0 ? project + "_root"
            : Folders.Count(other => PathOf(other) == path) > 1 ? $"{project}_{path.Replace('/', '_')}"
            : path.Replace('/', '_');
    }

    private string LabelOf(string folder)
    {
        string path = PathOf(folder);
        return path.Length == 0 ? "[root]" : path == IdOf(folder) ? "" : $"[{path}]";
    }

    private static string ArrowsTo(IEnumerable<string> ids) => ids.Any() ? " --> " + string.Join(" & ", ids) : "";

    /// <summary>Leaves out each edge that a longer way replaces.</summary>
    private static ILookup<string, string> Reduce(IEnumerable<(string From, string To)> edges)
    {
        ILookup<string, string> next = edges.Distinct().ToLookup(edge => edge.From, edge => edge.To);
        return edges.Distinct()
            .Where(edge => !next[edge.From].Any(other => other != edge.To && Reach(next, other).Contains(edge.To)))
            .OrderBy(edge => edge.From, StringComparer.Ordinal)
            .ThenBy(edge => edge.To, StringComparer.Ordinal)
            .ToLookup(edge => edge.From, edge => edge.To);
    }

    private static HashSet<string> Reach(ILookup<string, string> next, string start)
    {
        HashSet<string> reached = [];
        Stack<string> open = new([start]);
        while (open.TryPop(out string? folder))
        {
            foreach (string other in next[folder].Where(reached.Add))
            {
                open.Push(other);
            }
        }

        return reached;
    }

    private HashSet<string> Reach(string start) => Reach(_edges.Keys.ToLookup(edge => edge.From, edge => edge.To), start);

    private void Add(string from, string to, string use)
    {
        if (!_edges.TryGetValue((from, to), out SortedSet<string>? uses))
        {
            _edges[(from, to)] = uses = new SortedSet<string>(StringComparer.Ordinal);
        }

        uses.Add(use);
    }
}
