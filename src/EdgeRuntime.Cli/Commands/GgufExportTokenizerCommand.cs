using System.CommandLine;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert gguf export-tokenizer</c>: writes the tokenizer of a model in Hugging Face's layout.</summary>
internal static class GgufExportTokenizerCommand
{
    public static Command Create()
    {
        Argument<string> file = GgufCommand.File("FILE", "A .gguf file, or the name of a model in the models folder");
        Argument<string> folder = GgufCommand.File("FOLDER", "The folder, which is created if it is not there");
        Option<bool> force = OptionFactory.Switch("--force", [], "Replace files that are there already");
        var command = new Command(
            "export-tokenizer",
            "Writes tokenizer.json, tokenizer_config.json and chat_template.jinja, which transformers and ONNX Runtime GenAI open.")
        {
            file, folder, force,
        };
        command.SetAction(parsed =>
        {
            using GgufFile model = GgufFile.Open(ModelLocator.Find(parsed.GetRequiredValue(file)));
            using var output = new StandardOutput();
            foreach (string path in TokenizerExport.Write(model, parsed.GetRequiredValue(folder), parsed.GetValue(force)))
            {
                output.Write(path + "\n");
            }

            return 0;
        });
        return command;
    }
}
