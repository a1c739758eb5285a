using System.CommandLine;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert gguf merge</c>: joins the files of a split model.</summary>
internal static class GgufMergeCommand
{
    public static Command Create()
    {
        Argument<string> input = GgufCommand.File("IN.gguf", "Any file of the model");
        Argument<string> output = GgufCommand.File("OUT.gguf", "The new file");
        Option<bool> force = OptionFactory.Switch("--force", [], "Replace a file that is there already");
        var command = new Command("merge", "Joins the files of a split model.") { input, output, force };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(output);
            UserFile.CheckNewModel(path, parsed.GetValue(force), parsed.GetRequiredValue(input));
            using var interrupts = new Interrupts();
            using var bar = new ProgressBar("writing " + path);
            UserFile.Use(
                parsed.GetRequiredValue(input),
                name => GgufSplitter.Merge(name, path, parsed.GetValue(force), bar, interrupts.Arm()));
            return 0;
        });
        return command;
    }
}
