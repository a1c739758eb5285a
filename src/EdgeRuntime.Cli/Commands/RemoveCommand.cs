using System;
using System.CommandLine;
using EdgeRuntime.Cli.Downloads.Hub;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert rm</c>: deletes models of the models folder.</summary>
internal static class RemoveCommand
{
    public static Command Create()
    {
        var names = new Argument<string[]>("model")
        {
            Description = $"Names as 'edgert list' prints them, or their last parts, or {HubReference.Form} as for 'edgert pull'",
            HelpName = "NAME",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command(
            "rm",
            $"Deletes models, with all their files, from {ModelLocator.ModelsFolder}. {ModelLocator.FolderVariable} names another folder.")
        {
            names, OptionFactory.Switch("--verbose", ["-v"], "Stack traces with errors"),
        };
        command.SetAction(parsed =>
        {
            // Find all before deleting any, so that a wrong name deletes nothing.
            StoredModel[] models = Array.ConvertAll(parsed.GetRequiredValue(names), Find);
            foreach (StoredModel model in models)
            {
                ModelFolder.Delete(model);
                Console.Error.WriteLine($"removed {OneLine.Value(model.Name)} ({ByteText.Format(model.Files.Size)})");
            }

            return 0;
        });
        return command;
    }

    private static StoredModel Find(string name)
    {
        StoredModel? found = HubReference.Is(name) ? HubModels.Find(HubReference.Parse(name)) : ModelFolder.Find(name);
        return found ?? throw new CommandException(
            $"{WebAddress.Show(name)}: no such model in {ModelLocator.ModelsFolder} ('edgert list' lists them)");
    }
}
