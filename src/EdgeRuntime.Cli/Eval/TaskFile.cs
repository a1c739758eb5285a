using System;
using System.IO;
using System.Linq;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Finds the files with the questions of known tasks.</summary>
internal static class TaskFile
{
    /// <summary>The environment variable with the folder of the files.</summary>
    public const string FolderVariable = "EDGERUNTIME_TASKS";

    // The file names are those of the published sets.
    private static readonly (string Name, string File)[] s_tasks =
    [
        ("arc_easy", "arc_easy.jsonl"), ("lambada", "lambada_openai.jsonl"), ("piqa", "piqa.jsonl"), ("winogrande", "winogrande.jsonl"),
    ];

    /// <summary>Gets the names of the known tasks.</summary>
    public static string Names { get; } = string.Join(", ", s_tasks.Select(static task => task.Name));

    /// <summary>Finds the file of a task.</summary>
    /// <param name="task">The name of a task, or a path.</param>
    /// <param name="folder">The folder of the named tasks; null for the default.</param>
    /// <exception cref="CommandException">The name is unknown, or its file is missing.</exception>
    public static string Find(string task, string? folder)
    {
        string? file = Array.Find(s_tasks, known => known.Name == task).File;
        if (file is null)
        {
            bool isPath = Path.Exists(task) || task.AsSpan().ContainsAny('/', '\\', '.');
            return isPath ? task : throw new CommandException($"--task {OneLine.Value(task)}: expected {Names}, or a .jsonl file");
        }

        folder ??= Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } set ? set : UserData.GetFolder("tasks");
        string path = Path.Combine(folder, file);
        return File.Exists(path) ? path : throw new CommandException(
            $"--task {task}: {path} does not exist; put the file there, or name its folder with --task-folder or {FolderVariable}");
    }
}
