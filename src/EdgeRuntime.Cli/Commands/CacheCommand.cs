using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert cache</c>: shows and deletes the models that were converted for devices.</summary>
internal static class CacheCommand
{
    public static Command Create() => new("cache", "Shows and deletes the models that were converted for devices of ONNX Runtime.")
    {
        CreateList(), CreateRemove(),
    };

    private static Command CreateList()
    {
        Option<string?> folder = DeviceCommandOptions.CreateCache();
        Option<bool> json = OptionFactory.Switch("--json", [], "Print one JSON array");
        var command = new Command("list", $"Lists converted models with their devices, sizes and last uses.") { folder, json, Verbose() };
        command.SetAction(parsed =>
        {
            using var output = new StandardOutput();
            IReadOnlyList<OnnxCacheEntry> entries = new OnnxCache(parsed.GetValue(folder)).List();
            if (parsed.GetValue(json))
            {
                JsonText.Write(new JsonArray([.. entries.Select(ToJson)]), output);
            }
            else
            {
                output.Write(ToText(entries));
            }

            return 0;
        });
        return command;
    }

    private static Command CreateRemove()
    {
        Option<string?> folder = DeviceCommandOptions.CreateCache();
        Option<bool> all = OptionFactory.Switch("--all", [], "Delete all of them");
        var names = new Argument<string[]>("name")
        {
            Description = "Names as 'edgert cache list' prints them",
            HelpName = "NAME",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("rm", "Deletes converted models. The next start on their device converts the model again.")
        {
            names, all, folder, Verbose(),
        };
        command.SetAction(parsed =>
        {
            var cache = new OnnxCache(parsed.GetValue(folder));
            string[] wanted = parsed.GetValue(names) ?? [];
            if (wanted.Length == 0 == !parsed.GetValue(all))
            {
                throw new UsageException("expected either names or --all");
            }

            IReadOnlyList<OnnxCacheEntry> entries = cache.List();
            foreach (OnnxCacheEntry entry in parsed.GetValue(all) ? entries : [.. wanted.Select(name => Find(cache, entries, name))])
            {
                cache.Remove(entry);
                Console.Error.WriteLine($"removed {OneLine.Value(entry.Name)} ({ByteText.Format(entry.ByteSize)})");
            }

            return 0;
        });
        return command;
    }

    private static Option<bool> Verbose() => OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors");

    private static OnnxCacheEntry Find(OnnxCache cache, IReadOnlyList<OnnxCacheEntry> entries, string name) =>
        entries.FirstOrDefault(entry => entry.Name == name) ?? throw new CommandException(
            $"{WebAddress.Show(name)}: no such converted model in {cache.Folder} ('edgert cache list' lists them)");

    private static string ToText(IReadOnlyList<OnnxCacheEntry> entries)
    {
        int width = entries.Select(entry => entry.Name.Length).Append("NAME".Length).Max();
        return Line("NAME", "DEVICE", "SIZE", "LAST USE", "MODEL") + string.Concat(entries.Select(entry => Line(
            OneLine.Value(entry.Name),
            OneLine.Value(entry.Device ?? "damaged"),
            ByteText.Format(entry.ByteSize),
            entry.LastUse.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
            OneLine.Value(entry.ModelPath is { } model ? Path.GetFileName(model) : "not known"))));

        string Line(string name, string device, string size, string use, string model) =>
            name.PadRight(width) + $"  {device,-10} {size,10}  {use,-16}  {model}\n";
    }

    private static JsonObject ToJson(OnnxCacheEntry entry) => new()
    {
        ["name"] = entry.Name,
        ["model"] = entry.ModelPath,
        ["device"] = entry.Device,
        ["bytes"] = entry.ByteSize,
        ["last_use"] = entry.LastUse.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    };
}
