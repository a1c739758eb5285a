using System.Collections.Generic;
using System.CommandLine;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert gguf split</c>: divides a model into several files.</summary>
internal static class GgufSplitCommand
{
    private const int DefaultTensors = 128; // as llama.cpp's tool

    public static Command Create()
    {
        Argument<string> input = GgufCommand.File("IN.gguf", "The model");
        Argument<string> output = GgufCommand.File("OUT.gguf", "The name of the files, to which their numbers are added");
        Option<string?> size = OptionFactory.Text("--max-size", [], "The most bytes of tensors of a file: 500M, 2G", "SIZE");
        Option<int> tensors = OptionFactory.Integer(
            "--max-tensors", [], "The most tensors of a file [default: 128 without --max-size]", 0, 1);
        Option<bool> force = OptionFactory.Switch("--force", [], "Replace files that are there already");
        var command = new Command(
            "split",
            "Divides a model into files that llama.cpp and this program open by the name of any of them: OUT-00001-of-00003.gguf.")
        {
            input, output, size, tensors, force,
        };
        command.SetAction(parsed =>
        {
            long? maxBytes = parsed.GetValue(size) is { } text ? ByteText.Parse(size.Name, text) : null;
            var options = new GgufSplitOptions
            {
                MaxBytes = maxBytes,
                MaxTensors = parsed.IsGiven(tensors) ? parsed.GetValue(tensors) : maxBytes is null ? DefaultTensors : null,
                Overwrite = parsed.GetValue(force),
            };
            IReadOnlyList<string> paths = Split(parsed.GetRequiredValue(input), parsed.GetRequiredValue(output), options);
            using var screen = new StandardOutput();
            screen.Write(string.Join('\n', paths) + "\n");
            return 0;
        });
        return command;
    }

    private static IReadOnlyList<string> Split(string input, string output, GgufSplitOptions options)
    {
        using var interrupts = new Interrupts();
        using var bar = new ProgressBar("writing " + output);
        return UserFile.Use(input, name => GgufSplitter.Split(name, output, options, bar, interrupts.Arm()));
    }
}
