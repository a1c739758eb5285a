using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Eval;

/// <summary>
/// Keeps the state of a long run in a JSON file, from which an interrupted run goes on. The file is written every few seconds and when the
/// run is interrupted, and deleted when the run ends.
/// </summary>
internal sealed class RunState
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);

    private readonly string? _path;
    private readonly string _fingerprint;
    private long _saved = Stopwatch.GetTimestamp();

    private RunState(string? path, string fingerprint, JsonObject? data)
    {
        _path = path;
        _fingerprint = fingerprint;
        Data = data;
    }

    /// <summary>Gets what the interrupted run saved; null for a new run.</summary>
    public JsonObject? Data { get; }

    /// <summary>Reads the state of an interrupted run.</summary>
    /// <param name="path">The path of the file, which need not exist; null to keep no state.</param>
    /// <param name="fingerprint">The run's <see cref="Fingerprint"/>.</param>
    /// <exception cref="CommandException">The file is of another run, it is damaged, or it is no such file.</exception>
    public static RunState Open(string? path, string fingerprint)
    {
        FileKind kind = path is null ? FileKind.None : UserFile.Use(path, static name => FileKinds.Of(name));
        if (path is not null && kind is FileKind.None)
        {
            UserFile.Create(path).Dispose(); // refuses what can't be written before the run computes for long
        }

        if (path is null || kind is not FileKind.Regular)
        {
            return new RunState(path, fingerprint, null);
        }

        using JsonDocument document = JsonText.ReadFile(path, "the state of a run; name another file");
        JsonObject? state = document.RootElement.ValueKind == JsonValueKind.Object ? JsonObject.Create(document.RootElement.Clone()) : null;
        if (state?["run"] is not JsonValue run || !run.TryGetValue(out string? found) || state["data"] is not JsonObject data)
        {
            throw new CommandException($"{path}: is not the state of a run; name another file");
        }

        if (found != fingerprint)
        {
            throw new CommandException($"{path}: keeps a run of other models, texts or options; name another file or delete it");
        }

        return state["check"] is JsonValue check && check.TryGetValue(out string? sum) && sum == Check(data)
            ? new RunState(path, fingerprint, data)
            : throw new CommandException($"{path}: is damaged; delete it and run the command again");
    }

    /// <summary>Computes a name for what a run computes, so that a state of another run is refused.</summary>
    /// <param name="files">The files that the run reads.</param>
    /// <param name="settings">The settings that its results depend on.</param>
    public static string Fingerprint(IEnumerable<string> files, params IEnumerable<object?> settings)
    {
        var text = new StringBuilder();
        foreach (string file in files)
        {
            var facts = new FileInfo(file);
            text.Append(CultureInfo.InvariantCulture, $"{facts.FullName}\n{facts.Length}\n{facts.LastWriteTimeUtc.Ticks}\n");
        }

        foreach (object? setting in settings)
        {
            text.Append(CultureInfo.InvariantCulture, $"{setting}\n");
        }

        return Hash(text.ToString());
    }

    /// <summary>Runs the steps as <see cref="RunLoop"/> does, and saves the state now and then and when the run is interrupted.</summary>
    /// <param name="done">The number of steps that are done already.</param>
    /// <param name="count">The number of all steps.</param>
    /// <param name="label">The description of the steps for a progress bar; null for no bar.</param>
    /// <param name="step">Computes a step.</param>
    /// <param name="save">Gets the state after the steps so far.</param>
    /// <param name="interrupts">Cancels the run with the first Ctrl-C.</param>
    public void Run(int done, int count, string? label, RunStep step, Func<JsonObject> save, Interrupts interrupts)
    {
        void StepAndSave(int index, CancellationToken token)
        {
            step(index, token);
            if (Stopwatch.GetElapsedTime(_saved) >= s_interval)
            {
                Save(save());
            }
        }

        RunLoop.Run(done, count, label, StepAndSave, () => Save(save()), interrupts);
    }

    /// <summary>Writes what a run has computed so far.</summary>
    public void Save(JsonObject data)
    {
        _saved = Stopwatch.GetTimestamp();
        if (_path is not null)
        {
            using FileReplacement file = UserFile.Create(_path);
            var state = new JsonObject { ["run"] = _fingerprint, ["check"] = Check(data), ["data"] = data };
            file.Write(Encoding.UTF8.GetBytes(JsonText.FormatLine(state)));
            file.Commit();
        }
    }

    /// <summary>Deletes the file of a run that has ended.</summary>
    public void End()
    {
        if (_path is not null)
        {
            UserFile.Use(_path, File.Delete);
        }
    }

    /// <summary>Computes a sum of what a run saves, so that a damaged state is refused.</summary>
    private static string Check(JsonObject data) => Hash(JsonText.FormatLine(data));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
