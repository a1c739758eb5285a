using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert list</c>: lists the models of the models folder.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        Option<bool> json = OptionFactory.Switch("--json", [], "Print one JSON array");
        var command = new Command(
            "list",
            $"Lists the models in {ModelLocator.ModelsFolder} with their architectures, sizes and last uses. {ModelLocator.FolderVariable} "
            + "names another folder.")
        {
            json, OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            using var output = new StandardOutput();
            IReadOnlyList<StoredModel> models = ModelFolder.List();
            if (parsed.GetValue(json))
            {
                JsonText.Write(new JsonArray([.. models.Select(ToJson)]), output);
            }
            else
            {
                output.Write(ToText(models));
            }

            return 0;
        });
        return command;
    }

    private static string ToText(IReadOnlyList<StoredModel> models)
    {
        int width = models.Select(model => model.Name.Length).Append("NAME".Length).Max();
        return Line("NAME", "ARCHITECTURE", "SIZE", "LAST USE") + string.Concat(models.Select(model => Line(
            OneLine.Value(model.Name),
            OneLine.Value(model.ReadArchitecture() ?? "not known"),
            ByteText.Format(model.Files.Size),
            (model.LastUse?.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "never") + Missing(model))));

        string Line(string name, string architecture, string size, string use) =>
            name.PadRight(width) + $"  {architecture,-15} {size,10}  {use}\n";
    }

    private static string Missing(StoredModel model) => model.Files.IsComplete ? ""
        : $"  (incomplete: {model.Files.WholeCount} of {model.Files.PartCount} files)";

    private static JsonObject ToJson(StoredModel model) => new()
    {
        ["name"] = model.Name,
        ["path"] = model.Path,
        ["architecture"] = model.ReadArchitecture(),
        ["bytes"] = model.Files.Size,
        ["files"] = model.Files.WholeCount,
        ["complete"] = model.Files.IsComplete,
        ["last_use"] = model.LastUse?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    };
}
